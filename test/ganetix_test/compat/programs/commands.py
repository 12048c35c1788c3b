"""What is typed at Debian's gnt-* programs, in order, and what must come of it.

A row is a command, and texts that its output must have. A text that begins with `!` must not be
there. Every command ends with exit code 0 unless the row says otherwise.
"""

from typing import Final

import attrs

WEB: Final = "instance1.example.com"
DB: Final = "instance2.example.com"
MASTER, NODE = "node1.example.com", "node2.example.com"


@attrs.frozen
class Typed:
    """One command line, the *texts* of its output, and its exit *code*."""

    line: str
    texts: tuple[str, ...] = ()
    code: int = 0


def typed(line: str, *texts: str, code: int = 0) -> Typed:
    """Return a row."""
    return Typed(line, texts, code)


CLUSTER: Final = (
    typed("gnt-cluster getmaster", MASTER),
    typed("gnt-cluster info", "Cluster name: cluster.example.com", f"Master node: {MASTER}"),
    typed("gnt-cluster version", "Software version: 3.0.2", "OS api version: 20"),
    typed("gnt-cluster master-ping"),
    typed("gnt-cluster queue info", "The drain flag is unset"),
    typed("gnt-cluster queue drain"),
    typed("gnt-cluster queue info", "The drain flag is set"),
    typed("gnt-cluster queue undrain"),
    typed("gnt-cluster watcher pause 1h", "The watcher is paused until"),
    typed("gnt-cluster watcher info", "The watcher is paused until"),
    typed("gnt-cluster watcher continue", "paused"),
    typed("gnt-cluster add-tags blue green"),
    typed("gnt-cluster list-tags", "blue", "green"),
    typed("gnt-cluster search-tags ^bl", "/cluster", "blue", "!green"),
    typed("gnt-cluster remove-tags blue"),
    typed("gnt-cluster modify -C 8"),
    typed("gnt-cluster info", "candidate pool size: 8"),
    typed("gnt-cluster redist-conf"),
    typed("gnt-cluster verify", "Verifying"),
)
INSTANCES: Final = (
    typed(
        f"gnt-instance add -t file -s 64m --no-name-check --no-ip-check -o dummy -n {NODE} {DB}",
        "Installing OS dummy",
    ),
    typed("gnt-instance list", "Instance", WEB, DB, "running"),
    typed(
        "gnt-instance list --no-headers --separator=: -o name,status,pnode,be/maxmem",
        f"{DB}:running:{NODE}:128",
    ),
    typed("gnt-instance list -o +tags,uuid,disk.sizes"),
    typed(f'gnt-instance list --filter \'name == "{DB}" and status == "running"\'', DB, f"!{WEB}"),
    typed("gnt-instance list nosuch", code=1),
    typed("gnt-instance list-fields", "admin_state"),
    typed(
        f"gnt-instance info {DB}",
        f"Instance name: {DB}",
        "State: configured to be up",
        "disk/0: file, size 64M",
    ),
    typed(f"gnt-instance info --static {DB}", f"Instance name: {DB}"),
    typed(f"gnt-instance shutdown {DB}"),
    typed(f"gnt-instance list -o name,status {DB}", "ADMIN_down"),
    typed(f"gnt-instance startup {DB}"),
    typed(f"gnt-instance reboot -t hard {DB}"),
    typed(f"gnt-instance modify -B memory=256,vcpus=2 {DB}"),
    typed(f"gnt-instance add-tags {DB} db"),
    typed(f"gnt-instance list-tags {DB}", "db"),
    typed(f"gnt-instance remove-tags {DB} db"),
    typed(f"gnt-instance grow-disk {DB} 0 64m"),
    typed(f"gnt-instance console --show-cmd {DB}", "console"),
    typed(f"gnt-instance deactivate-disks --force {DB}"),
    typed(f"gnt-instance activate-disks {DB}", "disk/0"),
    typed(f"gnt-instance shutdown {DB}"),
    typed(f"gnt-instance reinstall -f -o dummy {DB}"),
    typed(f"gnt-instance modify --offline {DB}"),
    typed(f"gnt-instance list -o status {DB}", "ADMIN_offline"),
    typed(f"gnt-instance modify --online {DB}"),
    typed(f"gnt-instance change-group --to default {DB}", code=1),
    typed(f"gnt-instance remove -f {DB}"),
    typed(f"gnt-instance failover -f {WEB}"),
)
NODES: Final = (
    typed("gnt-node list", "Node", MASTER, NODE),
    typed("gnt-node list -o name,role,pinst_cnt --no-headers --separator=,", f"{MASTER},M,"),
    typed("gnt-node list-fields", "pinst_cnt"),
    typed(f"gnt-node info {NODE}", f"Node name: {NODE}", "master candidate: True"),
    typed(f"gnt-node modify -D yes {NODE}", "drained"),
    typed(f"gnt-node modify -D no {NODE}", "drained"),
    typed(f"gnt-node modify -C yes {NODE}"),
    typed(f"gnt-node add-tags {NODE} rack1"),
    typed(f"gnt-node list-tags {NODE}", "rack1"),
    typed(f"gnt-node remove-tags {NODE} rack1"),
    typed("gnt-node list -o name,ndparams,group --no-headers", "default"),
)
GROUPS: Final = (
    typed("gnt-group add other"),
    typed("gnt-group list", "default", "other", "preferred"),
    typed("gnt-group list-fields", "alloc_policy"),
    typed("gnt-group modify --alloc-policy last_resort other"),
    typed("gnt-group info other", "Node group: other"),
    typed("gnt-group list -o name,alloc_policy other", "last_resort"),
    typed("gnt-group rename other another"),
    typed("gnt-group assign-nodes --force another " + NODE),
    typed("gnt-group assign-nodes --force default " + NODE),
    typed("gnt-group add-tags another x"),
    typed("gnt-group list-tags another", "x"),
    typed("gnt-group remove-tags another x"),
    typed("gnt-group remove another"),
)
NETWORKS: Final = (
    typed("gnt-network add --network 198.51.100.0/24 --gateway 198.51.100.1 net"),
    typed("gnt-network list", "net", "198.51.100.0/24"),
    typed("gnt-network list-fields", "gateway"),
    typed("gnt-network connect --nic-parameters mode=bridged,link=br0 net"),
    typed("gnt-network info net", "Gateway: 198.51.100.1"),
    typed("gnt-network modify --gateway 198.51.100.2 net"),
    typed("gnt-network add-tags net x"),
    typed("gnt-network list-tags net", "x"),
    typed("gnt-network remove-tags net x"),
    typed("gnt-network disconnect net"),
    typed("gnt-network remove net"),
)
OTHERS: Final = (
    typed("gnt-os list", "dummy"),
    typed("gnt-os info dummy", "dummy"),
    typed("gnt-backup list"),
    typed("gnt-backup list-fields", "export"),
    typed(
        'gnt-filter add --priority 3 --predicates \'[["jobid", [">", "id", 9999]]]\' --action PAUSE'
    ),
    typed("gnt-filter list", "PAUSE"),
    typed("gnt-job list", "CLUSTER_VERIFY"),
    typed("gnt-job list-fields", "summary"),
    typed("gnt-job info 1", "Job ID: 1", "Status: success"),
    typed("gnt-job watch 1"),
    typed("gnt-debug delay 0.1"),
    typed("gnt-debug delay --submit 30"),
    typed("gnt-job list --running", "TEST_DELAY"),
    typed("gnt-job cancel 1", code=1),
    typed("gnt-debug locks"),
    typed("gnt-debug json /dev/null", code=1),
    typed("gnt-job archive 1"),
    typed("gnt-job autoarchive 1h", "Archived"),
)
ALL: Final = (*CLUSTER, *INSTANCES, *NODES, *GROUPS, *NETWORKS, *OTHERS)
