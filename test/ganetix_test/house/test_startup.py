"""What a list command loads: it must answer before its user has let go of the key."""

import os
import pathlib
import socket
import subprocess
import sys
import threading
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix.luxi import messages
from ganetix.luxi.server import encode_result
from ganetix_test.house import source

HEAVY: Final = frozenset(
    {"asyncio", "attr", "attrs", "ganetix.model", "ganetix.opcodes", "msgspec", "numpy", "rich"}
    | {"twisted", "txaio", "zope", "email", "importlib.metadata", "shutil", "ssl", "subprocess"}
)
"""What a list command has no time for."""

SCRIPT: Final = """
import sys
from ganetix.cli.main import gnt_instance
sys.argv = ["gnt-instance", "list", "--no-headers"]
code = gnt_instance()
print(*sys.modules)
sys.exit(code)
"""


def _answer_once(door: socket.socket) -> None:
    """Answer one query with one field and one instance."""
    field = {"name": "name", "title": "Instance", "kind": "text", "doc": "Name of the instance"}
    answer = {"fields": [field], "data": [[[0, "instance1.example.com"]]]}
    link, _ = door.accept()
    with link:
        while not link.recv(4096).endswith(messages.TERMINATOR):
            pass
        link.sendall(encode_result(answer))


class StartupTests(SynchronousTestCase):
    """The set of modules behind `gnt-instance list`."""

    def _listed(self, path: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(source.ROOT),
                "FORCE_LUXI_SOCKET": path,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_list_loads_nothing_heavy(self) -> None:
        """`gnt-instance list` against a master daemon imports no engine of ours and no library."""
        path = str(pathlib.Path(self.mktemp()).absolute())
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(os.path.relpath(path))
            door.listen()
            answering = threading.Thread(target=_answer_once, args=(door,), daemon=True)
            answering.start()
            listed = self._listed(path)
            answering.join(10)
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        shown, loaded = listed.stdout.splitlines()
        self.assertEqual(shown, "instance1.example.com")
        found = {
            name for name in loaded.split() for heavy in HEAVY if f"{name}.".startswith(f"{heavy}.")
        }
        self.assertEqual(found, set())
