"""Operating systems on this node: what is there, whether it fits, runs of its scripts."""

import attrs

from ganetix import errors
from ganetix.guestos.definition import CREATE, VERIFY, Definition
from ganetix.guestos.environment import core, full
from ganetix.guestos.scripts import Run, Scripts
from ganetix.guestos.search import Definitions, Diagnosis
from ganetix.node.blockdev import Disks
from ganetix.node.os_target import target_of
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.oses import OsDiagnosis, OsReport, OsScript, OsValidate
from ganetix.rpc.tables.spec import InstanceSpec


@attrs.frozen
class OperatingSystems:
    """The OS calls."""

    definitions: Definitions
    scripts: Scripts
    disks: Disks

    async def diagnose(self, request: Nothing, context: CallContext) -> OsDiagnosis:
        """``os_diagnose``."""
        return OsDiagnosis([_report(found) for found in await self.definitions.diagnose()])

    async def validate(self, request: OsValidate, context: CallContext) -> Done:
        """``os_validate``; raise `errors.OpPrereqError` when OS or parameters do not fit."""
        try:
            definition = await self.definitions.named(request.name)
        except errors.OpPrereqError as error:
            if request.required or error.kind != errors.NOENT:
                raise
            return Done(error.message)
        if not request.force_variant:
            definition.check_variant(request.name)
        definition.check_parameters(list(request.params))
        if request.install:
            definition.check_install()
        if definition.api >= 20:
            await self._verify(definition, request)
        return Done()

    async def add(self, request: OsScript, context: CallContext) -> Done:
        """``instance_os_add``: run ``create``, on reinstall with ``INSTANCE_REINSTALL=1``."""
        definition = await self.definitions.named(request.spec.instance.os)
        definition.check_install()
        env = await self._environment(definition, request)
        if request.reinstall:
            env["INSTANCE_REINSTALL"] = "1"
        log = await self.scripts.run(self._run(definition, CREATE, "add", request.spec, env))
        return Done(f"The output of the OS script is in {log} on the node.")

    async def rename(self, request: OsScript, context: CallContext) -> Done:
        """``instance_run_rename``: run ``rename`` with ``OLD_INSTANCE_NAME``."""
        definition = await self.definitions.named(request.spec.instance.os)
        env = await self._environment(definition, request)
        env["OLD_INSTANCE_NAME"] = request.old_name
        log = await self.scripts.run(self._run(definition, "rename", "rename", request.spec, env))
        return Done(f"The output of the OS script is in {log} on the node.")

    async def _verify(self, definition: Definition, request: OsValidate) -> None:
        env = core(definition, request.name, request.params, 0)
        run = Run(definition, VERIFY, "verify", "", env, ("parameters",))
        try:
            await self.scripts.run(run)
        except errors.OpExecError as error:
            raise errors.OpPrereqError(error.message, errors.INVAL) from error

    @staticmethod
    def _run(
        definition: Definition, script: str, kind: str, spec: InstanceSpec, env: dict[str, str]
    ) -> Run:
        return Run(definition, script, kind, spec.instance.name, env)

    async def _environment(self, definition: Definition, request: OsScript) -> dict[str, str]:
        target = await target_of(request.spec, self.disks)
        return full(definition, target, request.spec.osparams, request.debug_level)


def _report(found: Diagnosis) -> OsReport:
    definition = found.definition
    if definition is None:
        return OsReport(found.name, found.path, found.trouble, trusted=False)
    return OsReport(
        found.name,
        found.path,
        "",
        list(definition.variants),
        [list(row) for row in definition.parameters],
        list(definition.api_versions),
        definition.trusted,
        definition.untrusted,
    )
