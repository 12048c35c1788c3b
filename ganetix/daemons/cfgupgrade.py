"""``cfgupgrade``: brings a configuration of Ganeti 2.16 or 3.0 to this release's version, in place.

On a master whose Ganeti daemons are stopped it also makes what ganetix has and Ganeti had not: the
cluster's authority, this node's own certificate, the record of the mastership.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ganetix import errors
from ganetix.daemons import by_hand, cluster_files, daemon_util, layout, settings
from ganetix.daemons.pidfile import running_pid
from ganetix.master.bootstrap.initial import FIRST_EPOCH
from ganetix.master.config import ssconf
from ganetix.model import codec, upgrades
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.tls.authority import Authority
from ganetix.tls.identity import NODE, digest_of
from ganetix.toolkit.files import FileSystem

_QUESTION: Final = """\
The configuration in {path} will be changed to version {version}.
Stop the daemons of all nodes first, and keep a copy of {directory}.
Type yes to go on: """


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser("cfgupgrade", description=(__doc__ or "").partition("\n\n")[0])
    add = made.add_argument
    add("--dry-run", action="store_true", help="check everything, write nothing")
    add("-f", "--force", action="store_true", help="ask nothing")
    add("-d", "--debug", action="store_true", help="say more")
    add("-v", "--verbose", action="store_true", help="say more")
    add("--ignore-hostname", action="store_true", help="go on though this is not the master")
    add("--path", metavar="DATA_DIR", help="change only config.data in this directory")
    add("--confdir", metavar="CONF_DIR", help="taken for old scripts; nothing there changes")
    add("--no-verify", action="store_true", help="do not check the configuration as a whole")
    add("--downgrade", action="store_true", help="write version 2.16 instead, for going back")
    return made


def run(paths: Paths, options: argparse.Namespace, now: float, ask: Callable[[str], str]) -> None:
    """Do what *options* say; raise `errors.GanetiError` with what is wrong. *now* is wall time."""
    directory = options.path or paths.data_dir
    path = f"{directory}/config.data"
    try:
        data = FileSystem().read(path)
    except FileNotFoundError as error:
        raise errors.OpPrereqError(
            f"{path} does not exist: run this on the master node.", errors.ENVIRON
        ) from error
    _check_stopped(paths)
    records = codec.decode_data(data, path)
    if not options.no_verify:
        _check_host(codec.indexed(records), paths, options)
    raw = msgspec.json.decode(data)
    version = upgrades.DOWNGRADED if options.downgrade else records.version
    _say(options, f"{path} has version {raw['version']}; {version} is wanted.")
    if options.dry_run:
        print("Everything fits; nothing was written.")
        return
    question = _QUESTION.format(path=path, version=version, directory=directory)
    if not options.force and ask(question).strip().lower() != "yes":
        raise errors.OpPrereqError("Nothing was changed.", errors.INVAL)
    _keep(path, data, now)
    if options.downgrade:
        new = msgspec.json.encode(upgrades.downgraded(msgspec.to_builtins(records)))
        FileSystem().replace(path, new, 0o640, True)
    elif options.path:
        FileSystem().replace(path, msgspec.json.encode(records), 0o640, True)
    else:
        _take_over(paths, codec.indexed(records), now)


def _say(options: argparse.Namespace, sentence: str) -> None:
    if options.debug or options.verbose:
        print(sentence)


def _check_stopped(paths: Paths) -> None:
    for daemon in (*daemon_util.MODULES, "ganeti-wconfd", "ganeti-luxid"):
        if running_pid(paths.pid_file(daemon)) is not None:
            raise errors.OpPrereqError(
                f"{daemon} runs on this node; stop all daemons first, with 'daemon-util stop-all'.",
                errors.STATE,
            )


def _check_host(cluster: Cluster, paths: Paths, options: argparse.Namespace) -> None:
    master = cluster.master.name
    if master != paths.hostname and not (options.ignore_hostname or options.path):
        raise errors.OpPrereqError(
            f"The master of this configuration is {master}, and this is {paths.hostname}; run this "
            "on the master, or give --ignore-hostname.",
            errors.STATE,
        )


def _keep(path: str, data: bytes, now: float) -> None:
    """Keep the configuration as it was, beside the new one."""
    kept = f"{path}.backup-{now:.0f}"
    FileSystem().replace(kept, data, 0o600, True)
    print(f"The configuration as it was is kept in {kept}.")


def _take_over(paths: Paths, cluster: Cluster, now: float) -> None:
    """Write the configuration, and what the node lacks to be a master of ganetix."""
    layout.make_directories(paths)
    if not os.path.exists(paths.authority_key_file):
        cluster = _with_authority(paths, cluster, now)
    layout.write(paths, "config.data", codec.encode_config(cluster))
    for key, text in ssconf.values(cluster).items():
        layout.write_ssconf(paths, key, text)
    info = MasterInfo(cluster.master.name, cluster.cluster.epoch)
    layout.write(paths, "mastership", msgspec.json.encode(info))
    print("\n".join(_next(paths, cluster)))


def _with_authority(paths: Paths, cluster: Cluster, now: float) -> Cluster:
    """Make the cluster's authority and this node's certificate; return the configuration with it.

    The digests of other nodes are forgotten: they get certificates when they are added again.
    """
    randomness = settings.randomness()
    authority = Authority.create(cluster.cluster.cluster_name, now, randomness)
    uuid = cluster.cluster.master_node
    credentials = authority.credentials_for(uuid, [NODE], now)
    cluster_files.write_authority(paths, authority)
    layout.write(paths, "server.pem", credentials.to_pem())
    own = msgspec.structs.replace(
        cluster.cluster,
        candidate_certs={uuid: digest_of(credentials.certificate)},
        epoch=max(cluster.cluster.epoch, FIRST_EPOCH),
    )
    return msgspec.structs.replace(cluster, cluster=own)


def _next(paths: Paths, cluster: Cluster) -> list[str]:
    """Return what to type next: other nodes have no certificate of this cluster yet."""
    others = [node.name for node in cluster.online_nodes() if node.name != paths.hostname]
    lines = ["The configuration is this release's. Start the daemons:"]
    if not others:
        return [*lines, "  daemon-util start-all"]
    return [
        *lines,
        "  daemon-util start ganeti-noded",
        "  daemon-util start ganeti-masterd --no-voting --yes-do-it",
        "and give each other node its certificate:",
        *(f"  gnt-node add --readd {name}" for name in others),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    options = parser().parse_args(argv)
    paths = settings.node_paths(os.environ)
    by_hand.carry_out("cfgupgrade", lambda: run(paths, options, time.time(), by_hand.ask))


if __name__ == "__main__":
    main()
