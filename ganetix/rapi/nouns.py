"""Lists of objects, and single objects: names with their addresses, or fields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from ganetix.rapi.answers import Rows
from ganetix.rapi.faults import not_found
from ganetix.rapi.request import Request

_COMMON: Final = ("ctime", "mtime", "uuid", "serial_no", "tags")


@attrs.frozen
class Noun:
    """A kind of object: the LUXI *method* that lists it, and what is shown of one.

    *label* is the key of the name in short lists, *path* the address of the list. A *locking*
    method takes a third argument. *shaped* makes of fields' values what is answered.
    """

    method: str
    path: str
    label: str
    name: str
    fields: tuple[str, ...]
    bulk: tuple[str, ...]
    locking: bool = True
    shaped: Mapping[str, Callable[[Any], Any]] = attrs.field(factory=dict)

    @property
    def what(self) -> str:
        """One of these objects, in a word: the query resource's name."""
        return self.path.rpartition("/")[2].removesuffix("s")

    async def query(
        self, request: Request, names: list[Any], fields: tuple[str, ...], raw: bool = False
    ) -> Any:
        """Return the rows of *fields* of the objects *names*, all if it is empty.

        *raw* is as `Luxi.call` has it.
        """
        lock = [request.flag("lock")] if self.locking else []
        return await request.luxi.call(self.method, names, list(fields), *lock, raw=raw)

    async def listed(self, request: Request) -> list[Any] | Rows:
        """Answer the list."""
        if request.flag("bulk"):
            rows = await self.query(request, [], self.bulk, raw=True)
            return Rows(msgspec.json.decode(rows, type=list[msgspec.Raw]), self._objects)
        rows = await request.luxi.call(
            self.method, [], [self.name], *([False] if self.locking else [])
        )
        return [{self.label: name, "uri": f"{self.path}/{name}"} for (name,) in rows]

    async def single(self, request: Request) -> dict[str, Any]:
        """Answer one object; raise `HttpFault` when it is not there."""
        (name,) = request.names.values()
        rows = await self.query(request, [name], self.fields)
        if not rows:
            raise not_found(f"There is no {self.what} '{name}'.")
        found = dict(zip(self.fields, rows[0], strict=True))
        return found | {name: shape(found[name]) for name, shape in self.shaped.items()}

    def _objects(self, rows: Sequence[msgspec.Raw]) -> bytes:
        """Return *rows* of lists as objects: their values are passed on as they came."""
        form = b"{%b}" % b",".join(_encoded(name) + b":%b" for name in self.bulk)
        return b",".join([form % tuple(values) for values in self._shaped(rows)])

    def _shaped(self, rows: Sequence[msgspec.Raw]) -> Iterator[list[Any]]:
        shapes = [(self.bulk.index(name), shape) for name, shape in self.shaped.items()]
        known: dict[tuple[int, bytes], bytes] = {}
        for row in rows:
            values: list[Any] = _VALUES.decode(row)
            for at, shape in shapes:
                key = (at, bytes(values[at]))
                if key not in known:
                    known[key] = _encoded(shape(msgspec.json.decode(values[at])))
                values[at] = known[key]
            yield values


_VALUES: Final = msgspec.json.Decoder(list[msgspec.Raw])
_encoded: Final = msgspec.json.encode


def _with_memory(beparams: Mapping[str, Any]) -> dict[str, Any]:
    return {**beparams, "memory": beparams["maxmem"]}


_INSTANCE: Final = (
    "name", "admin_state", "os", "pnode", "snodes", "disk_template", "nic.ips", "nic.macs",
    "nic.modes", "nic.uuids", "nic.names", "nic.links", "nic.networks", "nic.networks.names",
    "nic.bridges", "network_port", "disk.sizes", "disk.spindles", "disk_usage", "disk.uuids",
    "disk.names", "beparams", "hvparams", "oper_state", "oper_ram", "oper_vcpus", "status",
    "custom_hvparams", "custom_beparams", "custom_nicparams", *_COMMON,
)  # fmt: skip
_NODE: Final = (
    "name", "offline", "master_candidate", "drained", "dtotal", "dfree", "sptotal", "spfree",
    "mtotal", "mnode", "mfree", "pinst_cnt", "sinst_cnt", "ctotal", "cnos", "cnodes", "csockets",
    "pip", "sip", "role", "pinst_list", "sinst_list", "master_capable", "vm_capable", "ndparams",
    "group.uuid", *_COMMON,
)  # fmt: skip
_GROUP: Final = (
    "alloc_policy", "name", "node_cnt", "node_list", "ipolicy", "custom_ipolicy", "diskparams",
    "custom_diskparams", "ndparams", "custom_ndparams", *_COMMON,
)  # fmt: skip
_NETWORK: Final = (
    "name", "network", "gateway", "network6", "gateway6", "mac_prefix", "free_count",
    "reserved_count", "map", "group_list", "inst_list", "external_reservations", *_COMMON,
)  # fmt: skip
_FILTER: Final = ("watermark", "priority", "predicates", "action", "reason_trail", "uuid")
_JOB: Final = (
    "id", "ops", "status", "summary", "opstatus", "received_ts", "start_ts", "end_ts",
)  # fmt: skip

INSTANCES: Final = Noun(
    "QueryInstances",
    "/2/instances",
    "id",
    "name",
    _INSTANCE,
    _INSTANCE,
    shaped={"beparams": _with_memory},
)
NODES: Final = Noun("QueryNodes", "/2/nodes", "id", "name", _NODE, _NODE)
GROUPS: Final = Noun("QueryGroups", "/2/groups", "name", "name", _GROUP, _GROUP)
NETWORKS: Final = Noun("QueryNetworks", "/2/networks", "name", "name", _NETWORK, _NETWORK)
FILTERS: Final = Noun("QueryFilters", "/2/filters", "uuid", "uuid", _FILTER, _FILTER, locking=False)
JOBS: Final = Noun(
    "QueryJobs", "/2/jobs", "id", "id", (*_JOB, "oplog", "opresult"), _JOB, locking=False
)
