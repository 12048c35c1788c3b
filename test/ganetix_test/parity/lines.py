"""Lines that options are tried on, where the names of a command's arguments alone won't do.

`{files}` is a directory of the node with `tags`, `batch.json` and `job.json`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

REAL: Final = frozenset({"gnt-cluster copyfile --use-replication-network"})
"""Options that mean nothing on the nodes of a virtual cluster, which are directories."""

COMMANDS: Final[Mapping[str, str]] = {
    "gnt-backup export": "-n node2 | web",
    "gnt-cluster add-tags": "x",
    "gnt-cluster copyfile": "{files}/tags",
    "gnt-cluster epo": "node2",
    "gnt-cluster init": "c.example.com",
    "gnt-cluster modify": "--candidate-pool-size=3 |",
    "gnt-cluster renew-crypto": "--new-node-certificates |",
    "gnt-debug delay": "1",
    "gnt-debug submit-job": "{files}/job.json",
    "gnt-group modify": "--alloc-policy=preferred | g1",
    "gnt-instance add": "-t diskless -o dummy -n node2 | node9",
    "gnt-instance batch-create": "{files}/batch.json",
    "gnt-instance grow-disk": "web 0 1g",
    "gnt-instance modify": "-B vcpus=3 | web",
    "gnt-instance move": "-n node2 | web",
    "gnt-instance replace-disks": "-p | web",
    "gnt-job change-priority": "--priority=low | 7",
    "gnt-network add": "--network=192.0.2.0/24 | net",
    "gnt-network connect": "--nic-parameters=mode=bridged,link=br0 | net g1",
    "gnt-network modify": "--gateway=192.0.2.1 | net",
    "gnt-node modify": "--master-candidate=yes | node2",
    "gnt-node modify-storage": "--allocatable=yes | node2 lvm-pv /dev/vdb",
    "gnt-node power": "on node2",
    "gnt-node repair-storage": "node2 lvm-vg xenvg",
    "gnt-os modify": "--hidden=yes | dummy",
    "gnt-storage info": "x",
}
"""What each command is run with; the option that is tried comes at the bar, else in front."""

VALUES: Final[Mapping[str, str]] = {
    "gnt-backup list --units": "m",
    "gnt-cluster modify --enabled-data-collectors": "vcpus=no",
    "gnt-cluster modify --master-netmask": "24",
    "gnt-cluster modify --uid-pool": "1-5",
    "gnt-cluster modify --add-uids": "1-5",
    "gnt-cluster modify --remove-uids": "1-5",
    "gnt-cluster modify --candidate-pool-size": "4",
    "gnt-cluster command --node-group": "g1",
    "gnt-cluster copyfile --node-group": "g1",
    "gnt-cluster init --master-netmask": "24",
    "gnt-debug iallocator --disks": "1g",
    "gnt-filter add --predicates": '[["jobid",["<","id",9]]]',
    "gnt-filter replace --predicates": '[["jobid",["<","id",9]]]',
    "gnt-instance list --units": "m",
    "gnt-instance replace-disks --disks": "0",
    "gnt-network connect --nic-parameters": "mode=routed,link=br0",
    "gnt-node list --units": "m",
    "gnt-node list-storage --units": "m",
    "gnt-node list-storage --output": "node,free",
    "gnt-node volumes --units": "m",
    "gnt-node volumes --output": "node,vg",
    "gnt-node modify-storage --allocatable": "no",
    "gnt-node restricted-command --node-group": "g1",
    "gnt-node add --node-parameters": "ssh_port=23",
    "gnt-node add --hypervisor-state": "fake:mem_total=64",
    "gnt-cluster master-failover --ignore-offline-nodes": "no",
}
"""Values of options, where the type's one won't do."""

_LISTS: Final = {
    "instance": "name,ctime", "node": "name,ctime", "group": "name,ctime", "network": "name,ctime",
    "job": "id,end_ts", "filter": "uuid,watermark", "backup": "node,export",
}  # fmt: skip


def _pairs() -> Iterator[tuple[str, tuple[str, str]]]:
    for verb in ("startup", "shutdown", "reboot", "reinstall"):
        command = f"gnt-instance {verb}"
        yield f"{command} --force-multiple", ("web db", "--force-multiple web db")
        yield f"{command} --all", ("web", "--all")
        yield f"{command} --instance", ("--node web", "--node --instance web")
        for kind in ("node", "primary", "secondary", "node-tags", "pri-node-tags", "sec-node-tags",
                     "tags"):  # fmt: skip
            yield f"{command} --{kind}", ("web", f"--{kind} web")
    for kind, fields in _LISTS.items():
        plain = f"-o {fields}"
        yield f"gnt-{kind} list --verbose", (plain, f"--verbose {plain}")
    for kind, name in (("cluster", ""), ("group", "g1"), ("instance", "web"), ("network", "net"),
                       ("node", "node2")):  # fmt: skip
        for verb in ("add", "remove"):
            yield f"gnt-{kind} {verb}-tags --from", (f"{name} x", f"--from={{files}}/tags {name}")
    for command, line in (
        ("gnt-cluster modify", ""), ("gnt-group add", "g1"), ("gnt-group modify", "g1"),
        ("gnt-node modify", "node2"), ("gnt-node add", "node9"), ("gnt-cluster init", "c"),
    ):  # fmt: skip
        yield f"{command} --disk-state", (line, f"--disk-state=plain/xenvg:overhead=64 {line}")
    for verb in ("cancel", "change-priority"):
        base = "--priority=low" if verb == "change-priority" else ""
        for state in ("pending", "queued", "waiting"):
            yield f"gnt-job {verb} --{state}", (f"{base} 7", f"{base} --{state}")
        yield f"gnt-job {verb} --force", (f"{base} --pending", f"{base} --pending --force")
    for kind in ("auto", "on-primary", "on-secondary", "iallocator=hail", "new-secondary=node3"):
        row = f"gnt-instance replace-disks --{kind.partition('=')[0]}"
        yield row, ("-a web" if kind != "auto" else "-p web", f"--{kind} web")


PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    **dict(_pairs()),
    "gnt-backup export --ignore-remove-failures": (
        "-n node2 --remove-instance web",
        "-n node2 --remove-instance --ignore-remove-failures web",
    ),
    "gnt-backup import --no-nics": ("--net=0:link=br0 web", "--no-nics web"),
    "gnt-backup export --force": (
        "-n node2 --remove-instance web", "-n node2 --remove-instance --force web",
    ),
    "gnt-cluster renew-crypto --new-node-certificates": (
        "--new-ssh-keys", "--new-node-certificates",
    ),
    "gnt-cluster destroy --yes-do-it": ("", "--yes-do-it"),
    "gnt-cluster epo --all": ("node2", "--all"),
    "gnt-cluster epo --groups": ("g1", "--groups g1"),
    "gnt-cluster epo --power-delay": ("--on node2", "--on --power-delay=1.5 node2"),
    "gnt-cluster master-failover --yes-do-it": ("--no-voting", "--no-voting --yes-do-it"),
    "gnt-cluster renew-crypto --ssh-key-type": (
        "--new-ssh-keys", "--new-ssh-keys --ssh-key-type=rsa",
    ),
    "gnt-cluster renew-crypto --ssh-key-bits": (
        "--new-ssh-keys --ssh-key-type=rsa",
        "--new-ssh-keys --ssh-key-type=rsa --ssh-key-bits=4096",
    ),
    **{
        f"gnt-cluster renew-crypto --spice-{kind}certificate": (
            "--new-node-certificates",
            "--spice-certificate={files}/tags --spice-ca-certificate={files}/tags",
        )
        for kind in ("", "ca-")
    },
    "gnt-cluster renew-crypto --rapi-certificate": (
        "--new-node-certificates", "--rapi-certificate={files}/tags",
    ),
    "gnt-cluster renew-crypto --cluster-domain-secret": (
        "--new-node-certificates", "--cluster-domain-secret={files}/tags",
    ),
    "gnt-instance add --disk": (
        "-t plain -o dummy -n node2 -s 32m node9",
        "-t plain -o dummy -n node2 --disk=0:size=64m node9",
    ),
    "gnt-instance add --disk-template": (
        "-t plain -o dummy -n node2 -s 32m node9",
        "--disk-template=rbd -o dummy -n node2 -s 32m node9",
    ),
    "gnt-instance add --os-size": (
        "-t plain -o dummy -n node2 -s 32m node9", "-t plain -o dummy -n node2 --os-size=64m node9",
    ),
    **{
        f"{command} --no-{kind}-check": (
            f"--{kind}-check {line}", f"--{kind}-check --no-{kind}-check {line}",
        )
        for kind in ("ip", "name")
        for command, line in (
            ("gnt-instance add", "-t diskless -o dummy -n node2 node9"),
            ("gnt-instance rename", "web node9"),
        )
    },
    "gnt-instance modify --hotplug": (
        "--no-hotplug -B vcpus=3 web", "--no-hotplug --hotplug -B vcpus=3 web",
    ),
    "gnt-instance info --all": ("web", "--all"),
    "gnt-job cancel --kill": ("7", "--kill --yes-do-it 7"),
    "gnt-job cancel --yes-do-it": ("--kill 7", "--kill --yes-do-it 7"),
    "gnt-job change-priority --priority": ("7", "--priority=low 7"),
    "gnt-job list --filter": ("7", "--filter id==7"),
    "gnt-node evacuate --new-secondary": ("-s node2", "-s --new-secondary=node3 node2"),
    "gnt-node migrate --non-live": ("node2", "--non-live node2"),
    "gnt-node restricted-command --node-group": ("x", "--node-group=g1 x"),
    "gnt-node power --auto-promote": ("off node2", "--auto-promote off node2"),
    "gnt-node power --force": ("off node2", "--force off node2"),
    "gnt-node power --separator": ("status node2", "--separator=: status node2"),
}  # fmt: skip
"""Whole lines, without an option and with it, where more than the option differs."""
