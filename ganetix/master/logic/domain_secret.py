"""The secret that clusters share which move instances between them."""

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import Context


async def domain_secret(outside: Outside, context: Context) -> str:
    """Return the cluster domain secret; raise `errors.OpPrereqError` where there is none."""
    path = f"{context.paths.data_dir}/cluster-domain-secret"
    raw = await outside.read_file(path)
    secret = (raw or b"").decode(errors="replace").strip()
    if not secret:
        raise errors.OpPrereqError(
            f"{path} is missing; 'gnt-cluster renew-crypto --new-cluster-domain-secret' makes one.",
            errors.ENVIRON,
        )
    return secret
