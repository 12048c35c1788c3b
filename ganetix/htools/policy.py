"""Whether an instance is within a policy."""

from ganetix.htools.faults import FailMode
from ganetix.htools.model import DISKLESS, Instance, Policy, Spec


def _spec_fault(inst: Instance, spec: Spec, sign: int, *, exclusive: bool) -> FailMode | None:
    """Say in what *inst* is beyond *spec*: above it with *sign* 1, below it with -1."""
    spindles = inst.spindles if exclusive else inst.spindle_use
    if (inst.mem - spec.memory) * sign > 0:
        return FailMode.FailMem
    for disk in inst.disks:
        if (disk.size - spec.disk) * sign > 0:
            return FailMode.FailDisk
    if (inst.vcpus - spec.cpus) * sign > 0:
        return FailMode.FailCPU
    if spindles is None or (spindles - spec.spindle_use) * sign > 0:
        return FailMode.FailSpindles
    if inst.template != DISKLESS and (len(inst.disks) - spec.disks) * sign > 0:
        return FailMode.FailDiskCount
    return None


def policy_fault(inst: Instance, policy: Policy, *, exclusive: bool) -> FailMode | None:
    """Say why *inst* is not within *policy*, None if it is."""
    fault: FailMode | None = FailMode.FailInternal if policy.minmax else None
    for low, high in reversed(policy.minmax):
        fault = _spec_fault(inst, low, -1, exclusive=exclusive)
        if fault is None:
            fault = _spec_fault(inst, high, 1, exclusive=exclusive)
        if fault is None:
            break
    if fault is None and inst.template not in policy.templates:
        return FailMode.FailDisk
    return fault
