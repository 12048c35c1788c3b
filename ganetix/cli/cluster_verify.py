"""gnt-cluster verify."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import opcode, result_of


def verify(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Check the cluster; print what the checks say, and return 1 if anything is wrong."""
    op = opcode(
        "OP_CLUSTER_VERIFY",
        verbose=options.verbose,
        error_codes=options.error_codes,
        debug_simulate_errors=options.simulate_errors,
        skip_checks=["nplusone_mem"] if options.skip_nplusone_mem else [],
        ignore_errors=options.ignore_errors,
        group_name=options.nodegroup,
        verify_clutter=options.verify_clutter,
    )
    result = result_of(context, options, op)
    jobs = result["jobs"] if result else []
    good = [_good(context, taken, number) for taken, number in jobs]
    if not all(good):
        context.tell(f"{good.count(False)} of {len(good)} verify jobs found errors or failed.")
        return 1
    return 0


def _good(context: Context, taken: bool, number: object) -> bool:
    if not taken:
        context.tell(f"A verify job was not taken: {number}")
        return False
    try:
        return all(follow(context, int(str(number))))
    except errors.GanetiError as error:
        context.tell(f"Verify job {number} failed: {error.message}")
        return False
