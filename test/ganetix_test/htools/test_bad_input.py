"""Bad input: each is refused with an exit code and a sentence that says where and what."""

import contextlib
import copy
import io
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli.htools import hail, hbal, hinfo, hroller, hspace
from ganetix_test.compat.htools.generate import Generated
from ganetix_test.htools.test_text import EXAMPLE

Main = Callable[[Sequence[str]], int]

# What is replaced in the worked example, by what, and what is said of it.
TEXT: Final = (
    ("|preferred|", "|popular|", "line 1, field alloc_policy: 'popular' is not one of preferred"),
    ("|4096|512|1536|", "|4 GB|512|1536|", "line 3, field total_mem: '4 GB' is not a number"),
    ("|512|1536|", "|few|1536|", "line 3, field node_mem: 'few' is not a number"),
    ("|100000|60000|", "|all|60000|", "line 3, field total_disk: 'all' is not a number"),
    ("|60000|8|", "|6e4|8|", "line 3, field free_disk: '6e4' is not a number"),
    ("|8|M|", "|x|M|", "line 3, field total_cpu: 'x' is not a number"),
    ("uuid-g1|2||N|0|1|1.0", "uuid-g1|two||N|0|1|1.0", "line 3, field spindles: 'two' is not"),
    ("|2||N|0|", "|2||maybe|0|", "line 3, field exclusive_storage: 'maybe' is not one of Y, N"),
    ("|N|0|1|1.0", "|N|no|1|1.0", "line 3, field free_spindles: 'no' is not a number"),
    ("|0|1|1.0", "|0|1|fast", "line 3, field cpu_speed: 'fast' is not a number"),
    ("|0|1|1.0", "|0|one|1.0", "line 3, field node_cpus: 'one' is not a number"),
    ("i1.ex.org|1024|", "i1.ex.org||", "line 7, field mem: '' is not a number"),
    ("|10240|1|running", "|big|1|running", "line 7, field disk: 'big' is not a number"),
    ("|1|running|", "|-|running|", "line 7, field vcpus: '-' is not a number"),
    ("|running|", "|dancing|", "line 7, field status: 'dancing' is not one of ADMIN_down"),
    ("|running|Y|", "|running|yes|", "line 7, field auto_balance: 'yes' is not one of Y, N"),
    ("Y|n1.ex.org", "Y|n9.ex.org", "line 7, field pnode: 'n9.ex.org' was not declared before"),
    ("n2.ex.org|drbd", "n9.ex.org|drbd", "line 7, field snode: 'n9.ex.org' was not declared"),
    ("|drbd|", "|floppy|", "line 7, field disk_template: 'floppy' is not one of diskless"),
    ("|drbd||1|-|N", "|drbd||?|-|N", "line 7, field spindle_use: '?' is not a number"),
    ("|drbd||1|-|N", "|drbd||1|?|N", "line 7, field spindles: '?' is not a number"),
    ("|drbd||1|-|N", "|drbd||1|-|soon", "line 7, field forthcoming: 'soon' is not one of Y, N"),
    ("|drbd||1|-|N", "", "line 7: a line for an instance has at least 10 columns, this one has 8"),
    ("|128,1,1024,1,1,1|", "|128,1|", "line 12, field std: '128,1' is not memory,cpus,disk"),
    ("32768,8", "lots,8", "line 12, field minmax: 'lots' is not a number"),
    ("drbd,plain|4.0", "drbd,tape|4.0", "line 12, field templates: 'tape' is not one of"),
    ("|4.0|32.0", "|much|32.0", "line 12, field vcpu_ratio: 'much' is not a number"),
    ("|4.0|32.0", "|4.0|more", "line 12, field spindle_ratio: 'more' is not a number"),
    ("\ng1|128", "\ng9|128", "line 13, field owner: 'g9' was not declared before"),
    ("g1|uuid-g1|", "g1|u|preferred||\ng1|uuid-g1|", "line 2, field name: 'g1' is the name of a"),
)
# Programs with their words, and what is said; FILE is the worked example.
WORDS: Final[tuple[tuple[Main, str, str], ...]] = (
    (hbal.main, "-t FILE -G nowhere", "Node group nowhere not found. Node group list is:"),
    (hbal.main, "-t FILE -O n9", "wrong node name(s) set as offline: n9"),
    (hbal.main, "-t FILE --select-instances i9", "Unknown instance(s): i9"),
    (hbal.main, "-t FILE --exclude-instances i9", "Unknown instance(s): i9"),
    (hbal.main, "-t FILE -m host", "Give only one of the options -m, -L and -t"),
    (hroller.main, "-t FILE -G nowhere", "there is no node group 'nowhere'; there are: g1"),
    (hbal.main, "-t FILE --max-cpu=0", "Invalid value of the max-cpu ratio, expected >0"),
    (hspace.main, "-t FILE --spindle-use=-1", "Invalid value of the spindle-use (expected >= 0)"),
    (hspace.main, "--simulate p,3", "p,3"),
    (hspace.main, "--simulate p,some,1T,1G,1", "some"),
    (hspace.main, "--simulate x,3,1T,1G,1", "x"),
)
# The path to a field of a request, what it is set to (`GONE`: taken away), and what is said.
GONE: Final = object()
REQUESTS: Final[tuple[tuple[tuple[str, ...], Any, str], ...]] = (
    (("nodes",), GONE, "invalid iallocator message has no field 'nodes'"),
    (("nodes",), [], "invalid iallocator message, field nodes: [] is not a dict"),
    (("nodegroups",), {}, "Unknown group"),
    (("request",), GONE, "invalid iallocator message has no field 'request'"),
    (("request", "type"), GONE, "invalid request has no field 'type'"),
    (("request", "type"), "dance", "Invalid request type 'dance'"),
    (("request", "name"), 7, "invalid request, field name: 7 is not a str"),
    (("request", "memory"), "1G", "field memory: '1G' is not a int"),
    (("request", "memory"), True, "field memory: True is not a int"),
    (("request", "disks"), [7], "field disks: 7 is not an object"),
    (("request", "disks"), [{}], "has no field 'size'"),
    (("request", "disk_template"), "tape", "field disk_template: 'tape' is not known"),
    (("request", "required_nodes"), GONE, "invalid request has no field 'required_nodes'"),
    (("cluster_tags",), "tags", "field cluster_tags: 'tags' is not a list"),
    (("cluster_tags",), [7], "field cluster_tags: 7 is not a str"),
    (("enabled_hypervisors",), GONE, "invalid iallocator message has no field 'enabled_hypervi"),
    (("request", "required_nodes"), 1, "an instance of disk template drbd needs 2 nodes"),
    (("request", "disks"), [{"size": 9, "spindles": "x"}], "field spindles: 'x' is not a int"),
    (("request", "tags"), [7], "field tags: 7 is not a str"),
    (("request", "nics"), [7], "field nics: 7 is not an object"),
    (("request", "nics"), [{"network": 7}], "field network: 7 is not a str"),
    (("request", "restrict-to-nodes"), "x", "field restrict-to-nodes: 'x' is not a list"),
    (("nodes", "node-000.example.org"), 7, "'node-000.example.org': 7 is not an object"),
    (("nodes", "node-000.example.org", "tags"), "x", "field tags: 'x' is not a list"),
    (("nodes", "node-000.example.org", "vm_capable"), 7, "field vm_capable: 7 is not a bool"),
    (("nodegroups", "uuid-group-00", "ipolicy", "minmax"), [7], "7 is not an object"),
)


class BadInputTests(SynchronousTestCase):
    """What people get wrong."""

    def _start(self, main: Main, *args: str) -> tuple[int, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(args)
        return code, err.getvalue()

    def _file(self, content: str) -> str:
        path = str(self.mktemp())
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def test_text(self) -> None:
        """A malformed file is refused with 1, and with file, line and field."""
        for old, new, said in TEXT:
            changed = EXAMPLE.replace(old, new, 1)
            self.assertNotEqual(changed, EXAMPLE, old)
            path = self._file(changed)
            code, err = self._start(hinfo.main, "-t", path)
            self.assertEqual(code, 1, said)
            self.assertIn(f"aborting: {path}, {said}", err)

    def test_not_text(self) -> None:
        """A file that is no text, or no cluster, is refused with its name."""
        path = str(self.mktemp())
        with open(path, "wb") as file:
            file.write(b"\xff\xfe")
        self.assertEqual(self._start(hinfo.main, "-t", path)[0], 1)
        self.assertIn("it is not UTF-8 text", self._start(hinfo.main, "-t", path)[1])
        empty = self._file("")
        self.assertIn(f"{empty}: a cluster has 4 or more", self._start(hinfo.main, "-t", empty)[1])

    def test_words(self) -> None:
        """Words that name nothing, or make no sense, are refused with 1 and said."""
        example = self._file(EXAMPLE)
        for main, words, said in WORDS:
            code, err = self._start(main, *words.replace("FILE", example).split())
            self.assertEqual(code, 1, words)
            self.assertIn(said, err)
            self.assertTrue(err.endswith("\n"), words)

    def test_loads(self) -> None:
        """A file of loads is refused with line and field."""
        example = self._file(EXAMPLE)
        for content, said in (
            ("i1.ex.org 1 1 1\n", "line 1: a load is an instance and four numbers"),
            ("i1.ex.org 1 1 1 1\ni2.ex.org 1 x 1 1\n", "line 2, field mem: 'x' is not a number"),
        ):
            path = self._file(content)
            code, err = self._start(hbal.main, "-t", example, "-U", path)
            self.assertEqual(code, 1)
            self.assertIn(f"{path}, {said}", err)

    def test_requests(self) -> None:
        """A request that cannot be understood ends hail with 1, and the field is named."""
        cluster = Generated(3, biggest=8)
        good = json.loads(cluster.request(cluster.requests()[0]))
        for path, value, said in REQUESTS:
            message = copy.deepcopy(good)
            inner = message
            for key in path[:-1]:
                inner = inner[key]
            if value is GONE:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
            code, err = self._start(hail.main, self._file(json.dumps(message)))
            self.assertEqual(code, 1, said)
            self.assertIn(said, err)

    def test_contradictions(self) -> None:
        """A model that contradicts itself is refused, or warned of where it can be used."""
        cluster = Generated(3, biggest=8)
        message = json.loads(cluster.request(cluster.requests()[0]))
        name, inst = next(iter(message["instances"].items()))
        inst["nodes"] = ["nobody.example.org"]
        code, err = self._start(hail.main, self._file(json.dumps(message)))
        self.assertEqual(code, 1)
        self.assertIn(f"Unknown node 'nobody.example.org' for instance {name}", err)
        lost = EXAMPLE.replace("|4096|512|1536|", "|4096|512|100|")
        code, err = self._start(hinfo.main, "-t", self._file(lost))
        self.assertEqual(code, 0)
        self.assertIn("node n1.ex.org is missing 1436 MB ram", err)

    def test_impossible(self) -> None:
        """What cannot be is answered, not refused: hail ends with 0 and says why it failed."""
        cluster = Generated(3, biggest=8)
        message = json.loads(cluster.request(cluster.requests()[0]))
        for change, said in (
            ({"memory": 1 << 40}, "No valid allocation solutions, failure reasons: FailMem"),
            ({"group_name": "nowhere"}, "Cannot find group"),
            ({"required_nodes": 3}, "3 cannot be allocated"),
        ):
            message["request"] |= change
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = hail.main([self._file(json.dumps(message))])
            answer = json.loads(out.getvalue())
            self.assertEqual((code, answer["success"]), (0, False))
            self.assertIn(said, answer["info"])
            message["request"].pop("group_name", None)
