"""A cluster's remote API, as move-instance uses it: jobs, and one instance's data."""

import base64
import http.client
import json
import ssl
from typing import Any, Final, Protocol

from ganetix import errors

WAIT: Final = 150
"""Seconds for an answer; the API itself answers a wait for a job within 90."""
FINAL: Final = frozenset({"success", "error", "canceled"})


class Api(Protocol):
    """One cluster's remote API."""

    name: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer; raise `errors.OpExecError` with what the cluster says."""


class Https:
    """The real one."""

    def __init__(
        self, name: str, port: int, ca_file: str | None, user: str | None, password: str
    ) -> None:
        """Talk to *name* as *user*; trust the certificates in *ca_file*, or the system's."""
        self.name = name
        self._port = port
        self._context = ssl.create_default_context(cafile=ca_file)
        # The certificate that a cluster makes for itself names nobody; it is pinned instead.
        self._context.check_hostname = ca_file is None
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if user is not None:
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """See `Api`."""
        link = http.client.HTTPSConnection(
            self.name, self._port, context=self._context, timeout=WAIT
        )
        try:
            link.request(method, path, None if body is None else json.dumps(body), self._headers)
            answer = link.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise errors.OpExecError(
                f"The remote API of {self.name}, port {self._port}, does not answer: {error}."
            ) from error
        finally:
            link.close()
        try:
            found = json.loads(raw)
        except ValueError:
            found = raw.decode(errors="replace")
        if answer.status >= http.client.BAD_REQUEST:
            raise errors.OpExecError(f"{self.name}: {_told(found, answer.status)}")
        return found


def _told(found: Any, status: int) -> str:
    if isinstance(found, dict) and "explain" in found:
        return str(found["explain"])
    return f"HTTP status {status}"


class Job:
    """A job of a cluster, followed through its API."""

    def __init__(self, api: Api, number: Any) -> None:
        """Follow job *number*, as a submission has answered it."""
        self._api = api
        self._number = int(number)
        self._serial = 0
        self.entries: list[list[Any]] = []

    def step(self) -> str:
        """Wait for a change; return the state, with new log entries in `entries`."""
        body = {
            "fields": ["status", "opresult"],
            "previous_job_info": None,
            "previous_log_serial": self._serial,
        }
        job = f"/2/jobs/{self._number}"
        found = self._api.call("GET", job)
        if found["status"] in FINAL:
            self._take(found)
            return str(found["status"])
        body["previous_job_info"] = [found["status"], found["opresult"]]
        self._api.call("GET", f"{job}/wait", body)
        found = self._api.call("GET", job)
        self._take(found)
        return str(found["status"])

    def _take(self, found: dict[str, Any]) -> None:
        rows = [row for log in found["oplog"] for row in log if row[0] > self._serial]
        self.entries += rows
        self._serial = max((row[0] for row in rows), default=self._serial)

    def result(self) -> Any:
        """Wait for the end; return the result, raise `errors.OpExecError` if it failed."""
        while (status := self.step()) not in FINAL:
            continue
        [result] = self._api.call("GET", f"/2/jobs/{self._number}")["opresult"]
        if status != "success":
            told = errors.from_wire(result).message if result else status
            raise errors.OpExecError(f"Job {self._number} of {self._api.name} failed: {told}")
        return result

    def cancel(self) -> None:
        """Cancel it."""
        self._api.call("DELETE", f"/2/jobs/{self._number}")
