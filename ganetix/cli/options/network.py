"""Options of gnt-network."""

from ganetix.cli.command import Option

NETWORK = Option(("--network",), "network", "Range of the network: ADDRESS/PREFIX, IPv4.")
GATEWAY = Option(("--gateway",), "gateway", "Gateway of the network; modify takes none, too.")
NETWORK6 = Option(("--network6",), "network6", "Range of the network in IPv6: ADDRESS/PREFIX.")
GATEWAY6 = Option(("--gateway6",), "gateway6", "Gateway of the network in IPv6.")
ADD_RESERVED_IPS = Option(
    ("--add-reserved-ips",),
    "add_reserved_ips",
    "Addresses that no instance may have, separated by commas.",
)
REMOVE_RESERVED_IPS = Option(
    ("--remove-reserved-ips",),
    "remove_reserved_ips",
    "Addresses that instances may have again, separated by commas.",
)
NIC_PARAMETERS = Option(
    ("-N", "--nic-parameters"),
    "nicparams",
    "How NICs are connected to this network: mode=...,link=...,vlan=...",
    kind="keyval",
    default={},
)
TAGS = Option(("--tags",), "tags", "Tags of the new network, separated by commas.")
