"""Data is frozen, and classes are what they are written as."""

import ast

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.house import source


def _keywords(cls: ast.ClassDef) -> dict[str, object]:
    return {
        word.arg: word.value.value
        for word in cls.keywords
        if word.arg and isinstance(word.value, ast.Constant)
    }


def _plain(cls: ast.ClassDef) -> bool:
    """Whether *cls* is no record: an enumeration, a protocol, or a module's own tool."""
    if cls.name.startswith("_"):
        return True
    bases = {source.dotted(base).rpartition(".")[2] for base in cls.bases}
    return bool(bases & {"StrEnum", "IntEnum", "Enum", "Protocol", "Exception"})


def _frozen(cls: ast.ClassDef, frozen: set[str]) -> bool:
    decorators = {source.dotted(node) for node in cls.decorator_list}
    bases = {source.dotted(base).rpartition(".")[2] for base in cls.bases}
    if "attrs.frozen" in decorators:
        return True
    words = _keywords(cls)
    if "Struct" in bases:
        return words.get("frozen") is True
    # msgspec hands frozen down to subclasses of a frozen struct.
    return bool(bases & frozen) and words.get("frozen", True) is True


class DataTests(SynchronousTestCase):
    """The classes of the model and of the opcodes are values."""

    def test_records_and_opcodes_are_frozen(self) -> None:
        """Every class in model and opcodes is a frozen struct, or a frozen attrs class."""
        modules = [m for m in source.package() if m.inside("ganetix.model", "ganetix.opcodes")]
        found = [(m, cls) for m in modules for cls in source.classes(m.tree) if not _plain(cls)]
        frozen: set[str] = set()
        known = -1
        while known != len(frozen):
            known = len(frozen)
            frozen |= {cls.name for _, cls in found if _frozen(cls, frozen)}
        self.assertTrue(frozen)
        self.assertEqual([f"{m.at(c)} {c.name}" for m, c in found if c.name not in frozen], [])

    def test_classes_are_not_made_by_magic(self) -> None:
        """No metaclass, no attributes set on classes: what a class has stands in its text."""
        found = [
            module.at(node)
            for module in source.package()
            for node in ast.walk(module.tree)
            if (isinstance(node, ast.ClassDef) and any(w.arg == "metaclass" for w in node.keywords))
            or (
                isinstance(node, ast.Call)
                and source.dotted(node.func) == "setattr"
                and node.args
                and source.dotted(node.args[0]) == "cls"
            )
        ]
        self.assertEqual(found, [])

    def test_modules_hold_no_state(self) -> None:
        """No function rebinds a name of its module."""
        found = [
            module.at(node)
            for module in source.package()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Global)
        ]
        self.assertEqual(found, [])
