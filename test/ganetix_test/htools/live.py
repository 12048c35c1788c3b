"""Fakes of what the planner reads live: a master daemon's socket, and a web server.

The programs block on sockets, so each fake answers from a thread of its own; what it was asked is
kept.
"""

import http.server
import json
import os
import socketserver
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ganetix.htools.model import NO_NODE, Cluster, Policy, Spec
from ganetix.luxi import messages
from ganetix.luxi.server import encode_result

Answer = Callable[..., Any]


def _spec(spec: Spec) -> dict[str, int]:
    keys = ("memory-size", "cpu-count", "disk-size", "disk-count", "nic-count", "spindle-use")
    return dict(zip(keys, spec, strict=True))


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "minmax": [{"min": _spec(low), "max": _spec(high)} for low, high in policy.minmax],
        "std": _spec(policy.std),
        "disk-templates": list(policy.templates),
        "vcpu-ratio": policy.vcpu_ratio,
        "spindle-ratio": policy.spindle_ratio,
    }


class Described:
    """A cluster in the words of the query interface and of the remote API."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        names = {idx: node.name for idx, node in cluster.nodes.items()}
        self.rows: dict[str, list[dict[str, Any]]] = {
            "group": [
                {"name": group.name, "uuid": group.uuid, "alloc_policy": group.alloc_policy,
                 "ipolicy": _policy(group.policy), "tags": list(group.tags)}
                for group in cluster.groups.values()
            ],
            "node": [self._node(idx) for idx in sorted(cluster.nodes)],
            "instance": [self._instance(idx, names) for idx in sorted(cluster.instances)],
        }  # fmt: skip
        self.info = {
            "master": names[0], "tags": list(cluster.tags), "ipolicy": _policy(cluster.policy),
            "default_hypervisor": "fake",
        }  # fmt: skip

    def _node(self, idx: int) -> dict[str, Any]:
        node = self._cluster.nodes[idx]
        spec = node.spec
        return {
            "name": spec.name, "mtotal": spec.t_mem, "mnode": spec.n_mem, "mfree": spec.f_mem,
            "dtotal": spec.t_disk, "dfree": node.f_disk, "ctotal": spec.t_cpu, "cnos": spec.n_cpu,
            "offline": spec.offline, "drained": False, "vm_capable": True,
            "ndp/spindle_count": spec.t_spindles, "tags": list(spec.tags), "sptotal": None,
            "group.uuid": self._cluster.groups[spec.group].uuid, "spfree": None,
            "ndp/exclusive_storage": spec.exclusive, "ndp/cpu_speed": spec.cpu_speed,
        }  # fmt: skip

    def _instance(self, idx: int, names: Mapping[int, str]) -> dict[str, Any]:
        inst = self._cluster.instances[idx]
        return {
            "name": inst.name, "disk_usage": inst.disk, "be/memory": inst.mem,
            "be/vcpus": inst.vcpus, "status": inst.status, "pnode": names[inst.primary],
            "snodes": [] if inst.secondary == NO_NODE else [names[inst.secondary]],
            "tags": list(inst.tags), "be/auto_balance": inst.auto_balance,
            "disk_template": inst.template, "be/spindle_use": inst.spindle_use,
            "disk.sizes": [disk.size for disk in inst.disks],
            "disk.spindles": [disk.spindles for disk in inst.disks], "forthcoming": False,
        }  # fmt: skip

    def query(self, what: str, fields: list[str], _filter: object) -> dict[str, Any]:
        """Answer the LUXI method ``Query``; a value that is not there has a status of its own."""
        data = [
            [[0, row[field]] if row[field] is not None else [2, None] for field in fields]
            for row in self.rows[what]
        ]
        return {"fields": [{"name": field} for field in fields], "data": data}

    def resource(self, path: str) -> Any:
        """Answer a GET of the remote API."""
        if path == "/2/info":
            return self.info
        what = path.removeprefix("/2/").removesuffix("s?bulk=1")
        return [_nested(row) for row in self.rows[what]]


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the remote API has it: parameters in objects of their own."""
    found = {key: value for key, value in row.items() if "/" not in key}
    for short, name in (("ndp/", "ndparams"), ("be/", "beparams")):
        inner = {key[len(short) :]: value for key, value in row.items() if key.startswith(short)}
        if inner:
            found[name] = inner
    return found


class MasterDaemon:
    """A Unix socket that answers LUXI methods from a table."""

    def __init__(self, path: str, methods: Mapping[str, Answer]) -> None:
        requests: list[tuple[str, list[Any]]] = []

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                framer = messages.Framer(limit=1 << 20)
                while data := self.request.recv(1 << 16):
                    for frame in framer.feed(data):
                        asked = json.loads(frame)
                        method, args = asked["method"], asked["args"]
                        requests.append((method, args))
                        self.request.sendall(encode_result(methods[method](*args)))

        self.requests = requests
        self._path = path
        self._server = socketserver.ThreadingUnixStreamServer(path, Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        if not os.path.exists(self._path):
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        os.unlink(self._path)

    def submitted(self) -> list[list[dict[str, Any]]]:
        """Return the jobs that were submitted, as lists of opcodes."""
        found: list[list[dict[str, Any]]] = []
        for method, args in self.requests:
            if method == "SubmitManyJobs":
                found += args[0]
            elif method == "SubmitJob":
                found.append(args[0])
        return found


class WebServer:
    """A web server on a loopback address whose resources are a function's; None is *refusal*.

    What was asked is kept, and by which users.
    """

    def __init__(
        self, host: str, port: int, answer: Callable[[str], Any], refusal: int = 404
    ) -> None:
        asked: list[str] = []
        users: list[str | None] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                users.append(self.headers["Authorization"])
                found = answer(self.path)
                self.send_response(200 if found is not None else refusal)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode("utf-8"))

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.asked = asked
        self.users = users
        self._server = http.server.ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
