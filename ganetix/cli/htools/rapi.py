"""The remote API as a source of data."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from ganetix.cli.htools.sources import read
from ganetix.htools.faults import PlanError

PORT = 5080
TIMEOUT = 60.0
FILE = "file://"


def base_url(host: str) -> str:
    """Return the address of the remote API on *host*, which may be an address already."""
    return host if ":" in host else f"https://{host}:{PORT}"


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as err:
        raise PlanError(f"{where} is not JSON: {err}") from None


def fetcher(host: str) -> Callable[[str], Any]:
    """Return a function that reads a resource by its name; it raises `PlanError`."""
    if host.startswith(FILE):
        folder = host[len(FILE) :]
        return lambda what: _parsed(read(f"{folder}/{what}.json"), f"{folder}/{what}.json")
    # As the reference: the certificate of a cluster is its own, there is nobody to ask for it.
    context = ssl._create_unverified_context()  # noqa: S323 # said above

    def fetch(what: str) -> Any:
        url = f"{base_url(host)}/2/{what}{'' if what == 'info' else '?bulk=1'}"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT, context=context) as answer:  # noqa: S310 # the address is the caller's
                text = answer.read().decode("utf-8")
        except (OSError, ValueError) as err:
            reason = err.reason if isinstance(err, urllib.error.URLError) else err
            raise PlanError(f"{url} cannot be read: {reason}") from None
        return _parsed(text, url)

    return fetch
