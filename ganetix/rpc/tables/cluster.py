"""Calls about the cluster as a whole: the master's daemons, and its address."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done, Nothing


class MasterIp(msgspec.Struct, frozen=True):
    """The cluster's address: *netmask* in bits, *family* 4 or 6.

    *external* means the administrator's own set-up script.
    """

    ip: str
    netdev: str
    netmask: int
    family: int = 4
    external: bool = False


NODE_STOP_MASTER: Final = Call(
    "node_stop_master", Nothing, Done, "fast", True, frozenset({"master", "candidate"})
)
"""Stop the master's daemons in good order; a candidate asks for it before it takes over."""

NODE_ACTIVATE_MASTER_IP: Final = Call("node_activate_master_ip", MasterIp, Done, "fast", True)
NODE_DEACTIVATE_MASTER_IP: Final = Call("node_deactivate_master_ip", MasterIp, Done, "fast", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    NODE_STOP_MASTER,
    NODE_ACTIVATE_MASTER_IP,
    NODE_DEACTIVATE_MASTER_IP,
)
