"""The remote API as a source of data."""

import base64
import json
import netrc
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from ganetix.cli.htools.given import read
from ganetix.htools.faults import PlanError

PORT = 5080
TIMEOUT = 60.0
FILE = "file://"
UNAUTHORIZED = 401


def base_url(host: str) -> str:
    """Return the address of the remote API on *host*, which may be an address already."""
    return host if ":" in host else f"https://{host}:{PORT}"


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as err:
        raise PlanError(f"{where} is not JSON: {err}") from None


def _identity(host: str, users: str | None) -> dict[str, str]:
    """Return the header that says who asks: the user that the netrc file *users* has for *host*."""
    try:
        known = netrc.netrc(users).authenticators(host)
    except FileNotFoundError:
        return {}
    except (OSError, netrc.NetrcParseError) as err:
        raise PlanError(f"the file with the users of remote APIs cannot be read: {err}") from None
    if known is None:
        return {}
    user, _account, password = known
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def _refusal(url: str, host: str, err: OSError | ValueError) -> PlanError:
    if isinstance(err, urllib.error.HTTPError):
        err.close()
    if isinstance(err, urllib.error.HTTPError) and err.code == UNAUTHORIZED:
        return PlanError(
            f"{url} wants another user: put 'machine {host} login USER password PASSWORD' into"
            " ~/.netrc, or read from the master daemon with -L on its node"
        )
    reason = err.reason if isinstance(err, urllib.error.URLError) else err
    return PlanError(f"{url} cannot be read: {reason}")


def fetcher(host: str, users: str | None = None) -> Callable[[str], Any]:
    """Return a function that reads a resource by its name; it raises `PlanError`.

    The user comes from the netrc file *users*, or from that of who runs the program.
    """
    if host.startswith(FILE):
        folder = host[len(FILE) :]
        return lambda what: _parsed(read(f"{folder}/{what}.json"), f"{folder}/{what}.json")
    # As the reference: the certificate of a cluster is its own, there is nobody to ask for it.
    context = ssl._create_unverified_context()  # noqa: S323 # said above

    base = base_url(host)
    name = urllib.parse.urlsplit(base).hostname or ""
    identity = _identity(name, users)

    def fetch(what: str) -> Any:
        url = f"{base}/2/{what}{'' if what == 'info' else '?bulk=1'}"
        try:
            request = urllib.request.Request(url, headers=identity)  # noqa: S310 # the caller's
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as answer:  # noqa: S310 # as above
                text = answer.read().decode("utf-8")
        except (OSError, ValueError) as err:
            raise _refusal(url, name, err) from None
        return _parsed(text, url)

    return fetch
