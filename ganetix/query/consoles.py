"""How to reach the console of an instance. Pure."""

from typing import Any, Final

from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance

FIRST_DISPLAY: Final = 5900
USER: Final = "root"
URIS: Final = {"kvm": "qemu:///system", "lxc": "lxc:///system"}
"""Where each hypervisor's guests are, for virsh on their node."""
_ANY: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound


def console(cluster: Cluster, instance: Instance) -> dict[str, Any]:
    """Return the description of the console of the running *instance*: a serial one comes first."""
    hv = params.of_hypervisor(cluster, instance)
    if instance.hypervisor == "lxc" or (instance.hypervisor == "kvm" and hv["serial_console"]):
        uri = URIS[instance.hypervisor]
        command = ["virsh", "--connect", uri, "console", "--force", instance.name]
        host = cluster.nodes[instance.primary_node].name
        return _described(instance, "ssh", host=host, user=USER, command=command)
    bind = str(hv.get("vnc_bind_address") or "")
    if bind.startswith("/"):
        return _message(instance, f"The console of {instance.name} is VNC on the socket "
                                  f"{bind}/{instance.name}.vnc of its node.")  # fmt: skip
    port = instance.network_port
    if instance.hypervisor == "kvm" and port is not None and (bind or hv["spice_bind"]):
        kind, address = ("vnc", bind) if bind else ("spice", str(hv["spice_bind"]))
        host = _reachable(cluster, instance, address)
        display = port - FIRST_DISPLAY if kind == "vnc" else None
        return _described(instance, kind, host=host, port=port, display=display)
    if instance.hypervisor == "fake":
        return _message(instance, "The fake hypervisor has no console.")
    return _message(
        instance,
        f"Instance {instance.name} has no console; 'gnt-instance modify -H serial_console=true "
        f"{instance.name}' gives it one from its next start.",
    )


def _reachable(cluster: Cluster, instance: Instance, bind: str) -> str:
    """Return where a console that is bound to *bind* is found: the node, if it is all addresses.

    The same for the name of an interface, whose address only the node knows.
    """
    node = cluster.nodes[instance.primary_node]
    is_address = bind.replace(".", "").isdigit() or ":" in bind
    return bind if is_address and bind not in _ANY else node.primary_ip


def _message(instance: Instance, text: str) -> dict[str, Any]:
    return _described(instance, "msg", message=text)


def _described(instance: Instance, kind: str, **known: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("message", "host", "port", "user", "command", "display"))
    return {"instance": instance.name, "kind": kind, **nothing, **known}
