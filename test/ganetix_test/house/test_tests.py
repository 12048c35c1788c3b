"""The tests about tests: each says its promise, each is run, each interface has its factory."""

import ast
import pathlib
import re
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test import unit
from ganetix_test.house import source

BY_HAND: Final = frozenset({"lab", "compat"})
"""Rooms of tests that need other machines, or other programs, than a check may ask for."""

PART_OF: Final = {"IAppendFile": "IFileSystem"}
"""Interfaces of things that another one gives out: the other's factory tests both."""


class PromiseTests(SynchronousTestCase):
    """What a test says and where it is found."""

    def test_every_test_says_its_promise(self) -> None:
        """Each test method has a docstring."""
        found = [
            module.at(node)
            for module in source.tests()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
            and not ast.get_docstring(node)
        ]
        self.assertEqual(found, [])

    def test_no_test_patches_our_own_code(self) -> None:
        """A fake is passed in; nothing is replaced behind the back of what is tested."""
        found = [
            module.at(node)
            for module in source.tests()
            for name, node in source.imports(module.tree)
            if name.startswith("unittest.mock")
        ]
        self.assertEqual(found, [])

    def test_every_room_is_run(self) -> None:
        """A room of tests belongs to the unit run or to an environment of its own in tox.ini."""
        tox = (source.ROOT / "tox.ini").read_text("utf-8")
        for room in sorted(unit.ELSEWHERE - BY_HAND):
            self.assertIn(f"ganetix_test.{room}\n", tox)

    def test_every_environment_is_run(self) -> None:
        """`bin/check` without a name runs all of tox.ini but news, htools and lab."""
        lines = (source.ROOT / "tox.ini").read_text("utf-8").splitlines()
        named = {line[9:-1] for line in lines if line.startswith("[testenv:")}
        [listed] = [line.partition("=")[2] for line in lines if line.startswith("env_list")]
        left_out = {"news", "htools", "lab"}
        self.assertEqual({name.strip() for name in listed.split(",")}, named - left_out)
        check = (source.ROOT / "bin/check").read_text("utf-8")
        self.assertIn("list -q --no-desc -d", check)
        self.assertIn("bin/check", (source.ROOT / ".ci/run").read_text("utf-8"))

    def test_rooms_of_tests_mirror_the_package(self) -> None:
        """A room of unit tests has the name of what it tests."""
        here = pathlib.Path(unit.__file__).parent
        rooms = {path.parent.name for path in here.glob("*/__init__.py")}
        package = {path.stem for path in (source.ROOT / "ganetix").iterdir()}
        self.assertEqual(rooms - unit.ELSEWHERE - {"spec", "bench", "parity"} - package, set())


class InterfaceTests(SynchronousTestCase):
    """An interface is kept by the real thing and by the fake that tests use alike."""

    def test_every_interface_has_a_factory_with_two_users(self) -> None:
        """An IThing in */interfaces.py has a `make_thing_tests` that fake and real one run."""
        factories = {
            node.name.replace("_", "")
            for module in source.package()
            if module.inside("ganetix.testing")
            for node in module.tree.body
            if isinstance(node, ast.FunctionDef)
        }
        calls = [
            source.dotted(node.func).rpartition(".")[2].replace("_", "")
            for module in source.tests()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call)
        ]
        wanting = {
            f"{module.at(cls)} {cls.name}: {calls.count(factory)} users of its factory"
            f"{'' if factory in factories else ', which is missing'}"
            for module in source.package()
            if module.name.endswith((".interfaces", ".interface"))
            for cls in source.classes(module.tree)
            if any(source.dotted(base).endswith("Interface") for base in cls.bases)
            for factory in [f"make{PART_OF.get(cls.name, cls.name)[1:].lower()}tests"]
            if factory not in factories or calls.count(factory) < 2
        }
        self.assertEqual(wanting, set())

    def test_users_of_a_factory_are_classes_of_their_own(self) -> None:
        """A factory is called as the base of a class: trial's workers find tests by their name."""
        for module in source.tests():
            bases = {base for cls in source.classes(module.tree) for base in cls.bases}
            found = [
                module.at(node)
                for node in ast.walk(module.tree)
                if isinstance(node, ast.Call)
                and re.fullmatch(r"make_\w+_tests", source.dotted(node.func))
                and node not in bases
            ]
            self.assertEqual(found, [])
