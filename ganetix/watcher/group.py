"""One run of the watcher over one node group: what is down is started, what broke is mended."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
from twisted.logger import Logger

from ganetix import errors
from ganetix.watcher import decide
from ganetix.watcher.decide import Due, Instance, Node
from ganetix.watcher.jobs import LOW, Master
from ganetix.watcher.state import NONE, State, decode, encode
from ganetix.watcher.world import World

_Jobs = Sequence[tuple[Instance, int]]


@attrs.define(eq=False)
class Round:
    """One run over the group *uuid*; `failed` counts what was tried in vain."""

    log: ClassVar[Logger] = Logger()

    world: World
    master: Master
    uuid: str
    name: str
    state: State = attrs.field(factory=State)
    failed: int = 0

    def run(self, verify_disks: bool) -> int:
        """Do all there is to do, unless another watcher does it; return the exit code.

        Raise `errors.GanetiError` if the master daemon can't be asked or takes no jobs.
        """
        release = self.world.lock(self.world.group_lock_file(self.uuid), True)
        if release is None:
            self.log.info("Group {name} has another watcher just now.", name=self.name)
            return 0
        try:
            self.state = self._loaded()
            try:
                self._look_after(verify_disks)
            finally:
                self.world.files.replace(
                    self.world.state_file(self.uuid), encode(self.state), 0o600, False
                )
        finally:
            release()
        return 1 if self.failed else 0

    def _look_after(self, verify_disks: bool) -> None:
        instances, nodes = self.master.instances(self.uuid), self.master.nodes()
        self._write_statuses(instances)
        self.master.check_takes_jobs()
        self.state = self.state.without(decide.settled(instances, self.state))
        self._clean_up(instances)
        started = self._start(instances)
        self._reactivate(instances, nodes, started)
        if verify_disks and decide.verifiable(instances):
            self._mend_disks(instances, nodes)

    def _loaded(self) -> State:
        path = self.world.state_file(self.uuid)
        if not self.world.files.exists(path):
            return State()
        try:
            return decode(self.world.files.read(path), self.world.now)
        except (ValueError, json.JSONDecodeError) as error:
            self.log.warn("{path} is not usable ({why}); beginning anew.", path=path, why=error)
            return State()

    def _write_statuses(self, instances: Sequence[Instance]) -> None:
        """Write the group's status file, then the cluster's from those of all groups."""
        files, directory = self.world.files, self.world.paths.data_dir
        mine = self.world.group_status_file(self.uuid)
        files.replace(mine, decide.statuses(instances), 0o644, False)
        found = [f"{directory}/{name}" for name in files.entries(directory)]
        all_groups = [
            path
            for path in found
            if path.startswith(f"{directory}/watcher.") and path.endswith(".instance-status")
        ]
        all_groups.sort(key=lambda path: (path == mine, self.world.modified(path)))
        text = decide.merged([files.read(path) for path in all_groups])
        files.replace(self.world.status_file, text, 0o644, False)

    def _clean_up(self, instances: Sequence[Instance]) -> None:
        due = decide.cleanups(instances, self.state, self.master.locked())
        for one in due.locked:
            self.log.info("{name} is locked; it is marked as down later.", name=one.name)
        self._tell_given_up(due, "could not be marked as down")
        jobs = []
        for one in due.now:
            why = "its user stopped it from the inside"
            jobs.append((one, self._submit(one, "SHUTDOWN", why, admin_state_source="user")))
            self.state = self.state.cleaned(one.name, self.world.now)
        self._await(jobs, "Marking {name} as down, as its user stopped it,")

    def _start(self, instances: Sequence[Instance]) -> frozenset[str]:
        """Start what is down; return the names of those that run again."""
        due = decide.starts(instances, self.state)
        self._tell_given_up(due, "did not stay up")
        jobs = []
        for one in due.now:
            tries = self.state.restarts.get(one.name, NONE).count + 1
            why = f"it should run and does not (try {tries} of {decide.MOST_TRIES})"
            jobs.append((one, self._submit(one, "STARTUP", why)))
            self.state = self.state.restarted(one.name, self.world.now)
        return self._await(jobs, "Starting {name}")

    def _tell_given_up(self, due: Due, what: str) -> None:
        for one in due.given_up:
            self.log.warn(
                "{name} {what} in {tries} tries and is left alone for some hours. See what its"
                " jobs say with gnt-job list, and mend it with: gnt-instance startup {name}",
                name=one.name, what=what, tries=decide.MOST_TRIES,
            )  # fmt: skip

    def _reactivate(
        self, instances: Sequence[Instance], nodes: Sequence[Node], started: frozenset[str]
    ) -> None:
        """Activate the disks of which nodes that booted hold a half."""
        ours = {node for one in instances for node in one.secondaries}
        seen = [one for one in nodes if one.group == self.uuid or one.name in ours]
        booted = decide.rebooted(seen, self.state)
        due = decide.reactivations(instances, booted, started)
        self._activate(due, "a secondary node has booted")
        self.state = self.state.booted(
            {one.name: one.boot_id for one in seen if one.name in booted and one.boot_id}
        )

    def _mend_disks(self, instances: Sequence[Instance], nodes: Sequence[Node]) -> None:
        """Have the group's disks verified, and activate those that are broken."""
        job = self.master.submit(
            "OP_GROUP_VERIFY_DISKS", "its turn", group_name=self.name, priority=LOW
        )
        result = self._result(job, f"Verifying the disks of group {self.name}")
        if result is not None:
            broken = decide.broken_disks(result)
            self._activate(decide.repairs(instances, nodes, broken), "a disk is not active")

    def _activate(self, due: Sequence[Instance], why: str) -> None:
        jobs = [(one, self._submit(one, "ACTIVATE_DISKS", why)) for one in due]
        self._await(jobs, "Activating the disks of {name}")

    def _submit(self, one: Instance, what: str, why: str, **parameters: Any) -> int:
        return self.master.submit(f"OP_INSTANCE_{what}", why, instance_name=one.name, **parameters)

    def _await(self, jobs: _Jobs, what: str) -> frozenset[str]:
        """Wait for all *jobs*; return the names of the instances whose job succeeded."""
        done = [(one, self._result(job, what.format(name=one.name))) for one, job in jobs]
        return frozenset(one.name for one, result in done if result is not None)

    def _result(self, job: int, what: str) -> Any:
        """Return the job's result, () for none; None if it failed, which is told and counted."""
        try:
            result = self.master.result(job)
        except errors.LuxiError:
            raise
        except errors.GanetiError as error:
            self.failed += 1
            self.log.error(
                "{what} failed (job {number}): {why}", what=what, number=job, why=error.message
            )
            return None
        self.log.info("{what} is done (job {number}).", what=what, number=job)
        return () if result is None else result
