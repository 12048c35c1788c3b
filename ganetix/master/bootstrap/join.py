"""Giving a machine its certificate: the key is made there, only the request travels."""

from collections.abc import Mapping

import attrs
import msgspec

from ganetix.master.bootstrap.interface import IBootstrap, Target
from ganetix.master.bootstrap.request import Joined
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import certificate_to_pem
from ganetix.tls.identity import NODE, digest_of

PREPARE = "prepare-node-join"
SETUP = "node-daemon-setup"


class Prepare(msgspec.Struct, frozen=True):
    """First step: make a key. *readd* lets a machine that was a node of this cluster begin anew.

    *force* also lets one that is a node of another cluster, which it leaves.
    *ssh_host_keys* are the cluster's, file name to content, for machines with their own ssh daemon;
    *authorised_keys* are the lines to let in; root's own key is made as *ssh_key_type* and
    *ssh_key_bits* say if it is not there.
    """

    cluster_name: str
    node_name: str
    readd: bool = False
    ssh_host_keys: dict[str, str] = {}
    authorised_keys: list[str] = []
    ssh_key_type: str = "rsa"
    ssh_key_bits: int = 2048
    force: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """The signing request of the new key, and the machine's own public ssh key if it has one."""

    request: str
    ssh_public_key: str = ""


class Setup(msgspec.Struct, frozen=True):
    """Second step: certificate and cluster files; *files* by their names in the data directory."""

    cluster_name: str
    node_name: str
    node_daemon_certificate: str
    authority: str
    ssconf: dict[str, str]
    files: dict[str, str]
    start_node_daemon: bool = True


@attrs.frozen
class Material:
    """What the master has to give: texts by name, and who signs."""

    cluster_name: str
    authority: Authority
    ssconf: Mapping[str, str]
    files: Mapping[str, str]
    ssh_host_keys: Mapping[str, str]
    authorised_keys: tuple[str, ...]
    ssh_key_type: str
    ssh_key_bits: int


async def join(
    target: Target,
    uuid: str,
    readd: bool,
    bootstrap: IBootstrap,
    material: Material,
    now: float,
    *,
    force: bool = False,
) -> Joined:
    """Take *target* through both steps as node *uuid*; *now* is wall time in seconds.

    Raise `errors.GanetiError` with a sentence when a step fails; running it again starts over.
    """
    prepare = Prepare(
        material.cluster_name,
        target.name,
        readd,
        dict(material.ssh_host_keys),
        list(material.authorised_keys),
        material.ssh_key_type,
        material.ssh_key_bits,
        force,
    )
    answer = await bootstrap.run(target, PREPARE, msgspec.json.encode(prepare))
    prepared = msgspec.json.decode(answer, type=Prepared)
    certificate = material.authority.sign_request(prepared.request.encode(), uuid, [NODE], now)
    setup = Setup(
        material.cluster_name,
        target.name,
        certificate_to_pem(certificate).decode(),
        certificate_to_pem(material.authority.certificate).decode(),
        dict(material.ssconf),
        dict(material.files),
    )
    await bootstrap.run(target, SETUP, msgspec.json.encode(setup))
    key = prepared.ssh_public_key or None
    return Joined(target.name, uuid, digest_of(certificate), target.address, key)
