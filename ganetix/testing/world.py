"""What nodes hold in tests of the logic: disks, directories, guests; nothing but dictionaries."""

from collections.abc import Callable
from typing import Any

import attrs
import msgspec

from ganetix import __version__, errors
from ganetix.rpc.call import Done, Truth
from ganetix.rpc.tables.blockdev import DirRename, DirRequest, DiskInfo, DiskRequest, DiskResize
from ganetix.rpc.tables.checks import (
    NodeInfo,
    NodeInfoRequest,
    StorageInfo,
    VerifyFacts,
    VerifyRequest,
)
from ganetix.rpc.tables.guests import Balloon
from ganetix.rpc.tables.hooks import HookResults
from ganetix.rpc.tables.instances import (
    AllInstancesRequest,
    InstanceAccept,
    InstanceFinalize,
    InstanceList,
    InstanceMaybe,
    InstanceMigrate,
    InstanceQuery,
    InstanceReboot,
    InstanceShutdown,
    InstanceStart,
    InstanceState,
)
from ganetix.rpc.tables.oses import OsDiagnosis, OsReport, OsScript, OsValidate
from ganetix.rpc.tables.roles import CryptoTokens
from ganetix.rpc.tables.verify import Inspect, Inspected
from ganetix.testing.nodes import FakeHandler
from ganetix.testing.storage_world import Mirrors, key_of


def _no_failure(node: str, call: str) -> None:
    """Let every call through."""


@attrs.define(eq=False)
class World:
    """Nodes by uuid. *disks* maps (node, path) to MiB; shared directories count as one node.

    *before* is called with node and call name before each call, and may raise; *after* when the
    call has done its work, so that its answer is lost.
    """

    disks: dict[tuple[str, str], int] = attrs.field(factory=dict)
    directories: set[tuple[str, str]] = attrs.field(factory=set)
    guests: dict[tuple[str, str], InstanceState] = attrs.field(factory=dict)
    assembled: set[tuple[str, str]] = attrs.field(factory=set)
    scripts: list[tuple[str, str, str]] = attrs.field(factory=list)
    oses: list[str] = attrs.field(factory=lambda: ["tiny"])
    memory: dict[str, int] = attrs.field(factory=dict)
    digests: Callable[[], dict[str, str]] = dict
    """Of the ssconf files that nodes have, but for those in *stale*."""
    stale: set[str] = attrs.field(factory=set)
    inspected: dict[str, Inspected] = attrs.field(factory=dict)
    before: Callable[[str, str], None] = _no_failure
    after: Callable[[str, str], None] = _no_failure
    mirrors: Mirrors = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Let mirrors have the same disks."""
        self.mirrors = Mirrors(self.disks)

    def seen(self) -> Any:
        """Return everything that the nodes hold, to compare."""
        return (
            dict(self.disks), set(self.directories), dict(self.guests), set(self.assembled),
        )  # fmt: skip

    def handlers(self) -> dict[str, FakeHandler]:
        """Return a handler for every call that the world answers."""
        answers: dict[str, Callable[[str, Any], Any]] = {
            "node_info": self._node_info,
            "all_instances_info": self._all_instances,
            "instance_info": self._instance_info,
            "instance_start": self._start,
            "instance_shutdown": self._shutdown,
            "instance_reboot": self._reboot,
            "instance_balloon_memory": self._balloon,
            "accept_instance": self._accept,
            "instance_migrate": self._migrate,
            "instance_finalize_migration": self._finalize,
            "blockdev_create": self._create,
            "blockdev_remove": self._remove,
            "blockdev_assemble": self._assemble,
            "blockdev_shutdown": self._disk_shutdown,
            "blockdev_find": self._find,
            "blockdev_grow": self._grow,
            **self.mirrors.answers(),
            "file_storage_dir_create": self._dir_create,
            "file_storage_dir_remove": self._dir_remove,
            "file_storage_dir_rename": self._dir_rename,
            "os_validate": self._os_validate,
            "os_diagnose": self._os_diagnose,
            "instance_os_add": self._os_add,
            "instance_run_rename": self._os_rename,
            "node_has_ip_address": lambda node, request: Truth(True),
            "node_crypto_tokens": lambda node, request: CryptoTokens(f"digest of {node}"),
            "node_verify": self._verify,
            "hooks_runner": lambda node, request: HookResults([]),
            "node_verify_light": self._inspect,
            "node_activate_master_ip": lambda node, request: Done("It is up."),
            "node_deactivate_master_ip": lambda node, request: Done("It is down."),
            **dict.fromkeys(
                (
                    "write_ssconf_files", "upload_file", "node_leave_cluster",
                    "node_demote_from_mc", "test_delay", "bridges_exist",
                    "hypervisor_validate_params",
                    "hotplug_device",
                ),
                lambda node, request: Done(),
            ),
        }  # fmt: skip
        return {name: self._guarded(name, answer) for name, answer in answers.items()}

    def _guarded(self, name: str, answer: Callable[[str, Any], Any]) -> FakeHandler:
        async def handler(node: str, request: Any) -> Any:
            self.before(node, name)
            found = answer(node, request)
            self.after(node, name)
            return found

        return handler

    def _place(self, node: str, path: str) -> tuple[str, str]:
        return ("shared" if "/shared" in path else node, path)

    def _verify(self, node: str, request: VerifyRequest) -> VerifyFacts:
        missing = [
            disk.uuid
            for disk in request.instance_disks
            if any(self._disk(node, one) not in self.disks for one in disk.children or [disk])
        ]
        owned = {key_of(one) for disk in request.instance_disks for one in disk.children or [disk]}
        return VerifyFacts(
            version=__version__,
            clock=0.0,
            files=dict.fromkeys(request.files, "checksum"),
            storage_paths={},
            instances=[guest for (where, _), guest in self.guests.items() if where == node],
            missing_disks=missing,
            orphan_disks=[p for n, p in sorted(self.disks) if n == node and p not in owned],
            empty_dirs=self._empty_dirs(node),
            oses=self.oses if request.os_search else [],
            hypervisor_errors={},
            epoch=1,
            serial=1,
        )

    def _empty_dirs(self, node: str) -> list[str]:
        used = {(where, path.rpartition("/")[0]) for where, path in self.disks}
        return sorted(path for where, path in self.directories - used if where == node)

    def _inspect(self, node: str, request: Inspect) -> Inspected:
        found = self.inspected.get(node, Inspected())
        return msgspec.structs.replace(found, ssconf={} if node in self.stale else self.digests())

    def _node_info(self, node: str, request: NodeInfoRequest) -> NodeInfo:
        used = sum(guest.memory for (where, _), guest in self.guests.items() if where == node)
        total = self.memory.get(node, 4096)
        rooms = [StorageInfo(unit.type, unit.key, 50000, 100000) for unit in request.storage_units]
        return NodeInfo("boot", total, total - used, 64, 4, storage=rooms)

    def _all_instances(self, node: str, request: AllInstancesRequest) -> InstanceList:
        return InstanceList([guest for (where, _), guest in self.guests.items() if where == node])

    def _instance_info(self, node: str, request: InstanceQuery) -> InstanceMaybe:
        return InstanceMaybe(self.guests.get((node, request.name)))

    def _start(self, node: str, request: InstanceStart) -> Done:
        spec = request.spec
        missing = [d.iv_name for d in spec.disks if self._disk(node, d) not in self.disks]
        if missing:
            raise errors.BlockDeviceError(f"Disks {missing} are missing.")
        name = spec.instance.name
        state = "paused" if request.paused else "running"
        self.guests[node, name] = InstanceState(
            name, spec.beparams["maxmem"], spec.beparams["vcpus"], state
        )
        return Done()

    def _shutdown(self, node: str, request: InstanceShutdown) -> Done:
        self.guests.pop((node, request.name), None)
        return Done()

    def _reboot(self, node: str, request: InstanceReboot) -> Done:
        if (node, request.spec.instance.name) not in self.guests:
            raise errors.HypervisorError("It does not run.")
        return Done(request.kind)

    def _balloon(self, node: str, request: Balloon) -> Done:
        guest = self.guests[node, request.name]
        self.guests[node, request.name] = msgspec.structs.replace(guest, memory=request.memory)
        return Done()

    def _accept(self, node: str, request: InstanceAccept) -> Done:
        return Done()

    def _migrate(self, node: str, request: InstanceMigrate) -> Done:
        return Done()

    def _finalize(self, node: str, request: InstanceFinalize) -> Done:
        name = request.spec.instance.name
        if request.source and request.success:
            self.guests.pop((node, name), None)
        elif request.success:
            backend = request.spec.beparams
            self.guests[node, name] = InstanceState(
                name, backend["maxmem"], backend["vcpus"], "running"
            )
        return Done()

    def _disk(self, node: str, disk: Any) -> tuple[str, str]:
        return self._place(node, key_of(disk))

    def _create(self, node: str, request: DiskRequest) -> Done:
        for part in request.disk.children or [request.disk]:
            where = self._disk(node, part)
            if where in self.disks:
                raise errors.BlockDeviceError(f"{where} exists.")
            self.disks[where] = part.size
        return Done()

    def _remove(self, node: str, request: DiskRequest) -> Done:
        for part in request.disk.children or [request.disk]:
            self.disks.pop(self._disk(node, part), None)
        return Done()

    def _assemble(self, node: str, request: DiskRequest) -> DiskInfo:
        where = self._disk(node, request.disk)
        if where not in self.disks:
            raise errors.BlockDeviceError(f"{where} is missing.")
        self.assembled.add((node, where[1]))
        return DiskInfo(where[1], self.disks[where])

    def _disk_shutdown(self, node: str, request: DiskRequest) -> Done:
        self.assembled.discard((node, key_of(request.disk)))
        return Done()

    def _find(self, node: str, request: DiskRequest) -> DiskInfo:
        where = self._disk(node, request.disk)
        return DiskInfo(where[1], self.disks[where]) if where in self.disks else DiskInfo(None)

    def _grow(self, node: str, request: DiskResize) -> Done:
        where = self._disk(node, request.disk)
        if where not in self.disks:
            raise errors.BlockDeviceError(f"{where} is missing.")
        if not request.dry_run:
            self.disks[where] = request.disk.size + request.amount
        return Done()

    def _dir_create(self, node: str, request: DirRequest) -> Done:
        self.directories.add(self._place(node, request.path))
        return Done()

    def _dir_remove(self, node: str, request: DirRequest) -> Done:
        where = self._place(node, request.path)
        if any((n, p.rpartition("/")[0]) == where for n, p in self.disks):
            raise errors.StorageError(f"{where} is not empty.")
        self.directories.discard(where)
        return Done()

    def _dir_rename(self, node: str, request: DirRename) -> Done:
        old, new = self._place(node, request.old), self._place(node, request.new)
        if old not in self.directories:
            raise errors.StorageError(f"{old} is missing.")
        self.directories = {new if where == old else where for where in self.directories}
        for (n, p), size in list(self.disks.items()):
            if (n, p.rpartition("/")[0]) == old:
                del self.disks[n, p]
                self.disks[n, f"{new[1]}/{p.rpartition('/')[2]}"] = size
        return Done()

    def _os_validate(self, node: str, request: OsValidate) -> Done:
        if request.name.partition("+")[0] not in self.oses and request.required:
            raise errors.OpPrereqError(f"OS {request.name} is not known.", errors.NOENT)
        return Done()

    def _os_diagnose(self, node: str, request: Any) -> OsDiagnosis:
        return OsDiagnosis([OsReport(name, f"/srv/os/{name}", "") for name in self.oses])

    def _os_add(self, node: str, request: OsScript) -> Done:
        kind = "reinstall" if request.reinstall else "create"
        self.scripts.append((node, kind, request.spec.instance.name))
        return Done()

    def _os_rename(self, node: str, request: OsScript) -> Done:
        self.scripts.append((node, "rename", request.old_name))
        return Done()
