"""Tables of nodes and instances, as the programs print them."""

from collections.abc import Callable, Sequence
from typing import Final

from ganetix.htools.fixed import fixed
from ganetix.htools.model import NO_NODE, RUNNING, Instance, Instances, Node, Nodes
from ganetix.htools.placement import ratio
from ganetix.htools.score import COMPONENTS, Statistics, free_disk_ratio, in_order

UNKNOWN: Final = "<unknown field>"


def table(prefix: str, rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[str]:
    """Return *rows* as lines of aligned columns, numbers to the right, each after *prefix*."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        lines.append(f"{prefix} {' '.join(cells)}")
    return lines


def _status(node: Node) -> str:
    if node.spec.offline:
        return "-"
    return "*" if node.fail_n1 else " "


def _haskell_list(values: Sequence[int]) -> str:
    return "[" + ",".join(str(value) for value in values) + "]"


def _peers(node: Node) -> str:
    pairs = sorted(node.peers.items(), key=lambda item: (-item[1], item[0]))
    return "[" + ",".join(f"({idx},{memory})" for idx, memory in pairs) + "]"


def _tag_counts(node: Node) -> str:
    return ",".join(f"{tag}={count}" for tag, count in sorted(node.exclusion.items()))


Shown = Callable[[Node], str]
# Field: header, whether it is numeric, what it shows.
NODE_FIELDS: Final[dict[str, tuple[str, bool, Shown]]] = {
    "idx": ("Index", True, lambda n: f"{n.idx:4d}"),
    "name": ("Name", False, lambda n: n.spec.alias),
    "fqdn": ("Name", False, lambda n: n.spec.name),
    "status": ("F", False, _status),
    "tmem": ("t_mem", True, lambda n: fixed(n.spec.t_mem, 0).rjust(5)),
    "nmem": ("n_mem", True, lambda n: f"{n.spec.n_mem:5d}"),
    "imem": ("i_mem", True, lambda n: f"{n.i_mem:5d}"),
    "xmem": ("x_mem", True, lambda n: f"{n.spec.x_mem:5d}"),
    "fmem": ("f_mem", True, lambda n: f"{n.spec.f_mem:5d}"),
    "umem": ("u_mem", True, lambda n: f"{n.u_mem:5d}"),
    "rmem": ("r_mem", True, lambda n: f"{n.r_mem:5d}"),
    "amem": ("a_mem", True, lambda n: f"{max(0, n.u_mem - n.r_mem):5d}"),
    "tdsk": ("t_dsk", True, lambda n: fixed(n.spec.t_disk / 1024, 0).rjust(5)),
    "fdsk": ("f_dsk", True, lambda n: f"{n.f_disk // 1024:5d}"),
    "tcpu": ("pcpu", True, lambda n: fixed(n.spec.t_cpu, 0).rjust(4)),
    "ucpu": ("vcpu", True, lambda n: f"{n.u_cpu:4d}"),
    "pcnt": ("pcnt", True, lambda n: f"{len(n.primaries):3d}"),
    "scnt": ("scnt", True, lambda n: f"{len(n.secondaries):3d}"),
    "plist": ("primaries", True, lambda n: _haskell_list(n.primaries)),
    "slist": ("secondaries", True, lambda n: _haskell_list(n.secondaries)),
    "pfmem": ("p_fmem", True, lambda n: fixed(ratio(n.u_mem, n.spec.t_mem), 4).rjust(6)),
    "pfdsk": (
        "p_fdsk",
        True,
        lambda n: fixed(free_disk_ratio(n, n.f_disk, n.f_spindles), 4).rjust(6),
    ),
    "rcpu": ("r_cpu", True, lambda n: fixed(ratio(n.u_cpu, n.spec.t_cpu), 2).rjust(5)),
    "cload": ("lCpu", True, lambda n: fixed(n.load.cpu, 3).rjust(5)),
    "mload": ("lMem", True, lambda n: fixed(n.load.mem, 3).rjust(5)),
    "dload": ("lDsk", True, lambda n: fixed(n.load.disk, 3).rjust(5)),
    "nload": ("lNet", True, lambda n: fixed(n.load.net, 3).rjust(5)),
    "ptags": ("PrimaryTags", False, _tag_counts),
    "peermap": ("PeerMap", False, _peers),
    "spindle_count": ("NodeSpindles", True, lambda n: str(n.spec.t_spindles)),
    "hi_spindles": ("MaxSpindles", True, lambda n: repr(n.spec.hi_spindles)),
    "inst_spindles": ("InstSpindles", True, lambda n: repr(float(n.inst_spindles))),
}
DEFAULT_FIELDS: Final = (
    "status", "name", "tmem", "nmem", "imem", "xmem", "fmem", "umem", "rmem", "tdsk", "fdsk",
    "tcpu", "ucpu", "pcnt", "scnt", "pfmem", "pfdsk", "rcpu", "cload", "mload", "dload", "nload",
)  # fmt: skip


def chosen_fields(text: str | None) -> tuple[str, ...]:
    """Return the fields that the value of ``-p`` asks for; a leading ``+`` adds to the usual."""
    if not text:
        return DEFAULT_FIELDS
    if text.startswith("+"):
        return (*DEFAULT_FIELDS, *text[1:].split(","))
    return tuple(text.split(","))


def node_table(nodes: Nodes, fields: Sequence[str]) -> list[str]:
    """Return the table of *nodes* with *fields*."""
    nothing: tuple[str, bool, Shown] = (UNKNOWN, False, lambda _node: UNKNOWN)
    known = [NODE_FIELDS.get(field, nothing) for field in fields]
    rows = [[header for header, _numeric, _show in known]]
    rows += [[show(node) for _header, _numeric, show in known] for node in in_order(nodes)]
    return table("", rows, [numeric for _header, numeric, _show in known])


INSTANCE_HEADER: Final = (
    "F", "Name", "Pri_node", "Sec_node", "Auto_bal", "vcpu", "mem", "dsk", "lCpu", "lMem", "lDsk",
    "lNet",
)  # fmt: skip


def _instance_row(inst: Instance, nodes: Nodes) -> list[str]:
    return [
        "R" if inst.status in (RUNNING, "ERROR_up") else " ",
        inst.name,
        nodes[inst.primary].name,
        nodes[inst.secondary].name if inst.secondary != NO_NODE else "",
        "Y" if inst.auto_balance else "N",
        f"{inst.vcpus:3d}",
        f"{inst.mem:5d}",
        f"{inst.disk // 1024:5d}",
        *(fixed(value, 3).rjust(5) for value in inst.load),
    ]


def instance_table(nodes: Nodes, instances: Instances) -> list[str]:
    """Return the table of *instances*."""
    rows: list[Sequence[str]] = [INSTANCE_HEADER]
    rows += [_instance_row(instances[idx], nodes) for idx in sorted(instances)]
    return table("", rows, [False] * 5 + [True] * 7)


def score_table(prefix: str, stats: Statistics) -> list[str]:
    """Return the table of the score's components."""
    rows = [["Field", "Value", "Weight"]]
    for (name, weight, _kind), value in zip(COMPONENTS, stats.values, strict=True):
        rows.append([name, fixed(value, 8), f"x{fixed(weight, 2)}"])
    return table(prefix, rows, [False, True, True])
