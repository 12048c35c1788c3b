"""Rules about an instance's state that more than one face needs."""

from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance


def user_shutdown(cluster: Cluster, instance: Instance) -> bool:
    """Whether a guest may shut itself down and be left so."""
    if not cluster.cluster.enabled_user_shutdown:
        return False
    if instance.hypervisor != "kvm":
        return True
    return bool(params.of_hypervisor(cluster, instance).get("user_shutdown"))
