"""Our own source as syntax trees, and what the rules need to find in them."""

import ast
import functools
import pathlib
from collections.abc import Iterator

import attrs

ROOT = pathlib.Path(__file__).parents[3]


@attrs.frozen(eq=False)
class Module:
    """One module: its dotted name, where it is and its syntax tree."""

    name: str
    path: pathlib.Path
    tree: ast.Module

    def inside(self, *rooms: str) -> bool:
        """Whether this module is one of *rooms* or below one of them."""
        return any(self.name == room or self.name.startswith(f"{room}.") for room in rooms)

    def at(self, node: ast.AST) -> str:
        """Say where *node* is, as editors jump to."""
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def _modules(top: pathlib.Path, base: pathlib.Path) -> Iterator[Module]:
    for path in sorted(top.rglob("*.py")):
        parts = path.relative_to(base).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield Module(name, path, ast.parse(path.read_text("utf-8"), str(path)))


@functools.cache
def package() -> tuple[Module, ...]:
    """Return all modules of ganetix."""
    return tuple(_modules(ROOT / "ganetix", ROOT))


@functools.cache
def tests() -> tuple[Module, ...]:
    """Return all modules of the tests."""
    return tuple(_modules(ROOT / "test" / "ganetix_test", ROOT / "test"))


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield every imported name in full (``os``, ``twisted.internet.reactor``) and where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for a name or an attribute of a name, else the empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def names(tree: ast.AST) -> dict[str, str]:
    """Return what each imported name stands for in full, by the name that the module uses."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    """Yield all classes, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
