"""The cluster's certificates: whether they can be read, and how long they hold. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ganetix.master.verify.finding import Finding
from ganetix.tls.credentials import CredentialsError, certificate_from_pem

WARN: Final = timedelta(days=30)
FAIL: Final = timedelta(days=7)


def findings(files: Mapping[str, bytes | None], now: float) -> Iterator[Finding]:
    """Look at the PEM *files* (path to content, None where there is none) at wall time *now*."""
    moment = datetime.fromtimestamp(now, UTC)
    for path, data in files.items():
        if data is None:
            yield _of(f"certificate {path} is missing; see 'gnt-cluster renew-crypto'")
            continue
        try:
            certificate = certificate_from_pem(data, path)
        except CredentialsError as error:
            yield _of(f"{error.message.rstrip('.')}; see 'gnt-cluster renew-crypto'")
            continue
        left = certificate.not_valid_after_utc - moment
        if left < WARN:
            yield _expiring(path, certificate.not_valid_after_utc, left)


def _expiring(path: str, end: datetime, left: timedelta) -> Finding:
    word = "has expired" if left <= timedelta(0) else f"expires in {left.days} days"
    text = f"certificate {path} {word} ({end:%Y-%m-%d}); see 'gnt-cluster renew-crypto'"
    found = _of(text)
    return found if left < FAIL else Finding(found.code, found.kind, found.name, text, "WARNING")


def _of(text: str) -> Finding:
    return Finding("ECLUSTERCERT", "cluster", "", text)
