"""What has to be where for Twisted to find our plugins, and for a reader to find our rooms."""

import tomllib

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.house import source

FACES = {"cli", "rapi", "web", "watcher"}
HOLLOW = ("manager", "helper", "helpers", "util", "utils", "common", "engine", "misc")


class LayoutTests(SynchronousTestCase):
    """Directories and names."""

    def test_twisted_is_not_a_package_of_ours(self) -> None:
        """A package marker in twisted/ or below would hide the directory or shadow Twisted."""
        self.assertEqual(list((source.ROOT / "twisted").rglob("__init__.py")), [])

    def test_every_room_is_a_package(self) -> None:
        """A directory with modules has a package marker: find_packages skips one without."""
        for top in (source.ROOT / "ganetix", source.ROOT / "test" / "ganetix_test"):
            bare = {
                path.parent
                for path in top.rglob("*.py")
                if not (path.parent / "__init__.py").exists()
            }
            self.assertEqual({path for path in bare if "share" not in path.parts}, set())

    def test_names_say_something(self) -> None:
        """No module and no class is called by a word that fits everything."""
        found = [
            module.at(node)
            for module in source.package()
            for node, name in [
                (module.tree, module.name.rpartition(".")[2]),
                *((cls, cls.name) for cls in source.classes(module.tree)),
            ]
            if name.lower() in HOLLOW or name.endswith(("Manager", "Helper", "Util", "Engine"))
        ]
        self.assertEqual(found, [])

    def test_every_room_has_its_layer(self) -> None:
        """A room that exists is a layer for good: no parentheses around it in pyproject.toml."""
        optional = {
            name.strip(" ()")
            for layer in _contract("Imports only point down")["layers"]
            for name in layer.split("|")
            if "(" in name
        }
        self.assertEqual(optional & _rooms(), set())

    def test_every_face_is_kept_outside(self) -> None:
        """A face that exists is held to LUXI's client by its contract."""
        held = _contract("The faces reach a cluster only through LUXI's client")["source_modules"]
        self.assertEqual({f"ganetix.{name}" for name in FACES & _rooms()}, set(held))


def _rooms() -> set[str]:
    """Return the names of the rooms that hold modules, whether packages or modules."""
    top = source.ROOT / "ganetix"
    return {path.stem for path in top.glob("*.py")} | {
        path.parts[-2] for path in top.glob("*/*.py")
    }


def _contract(name: str) -> dict[str, list[str]]:
    """Return the settings of the import contract called *name*."""
    settings = tomllib.loads((source.ROOT / "pyproject.toml").read_text("utf-8"))
    [found] = [c for c in settings["tool"]["importlinter"]["contracts"] if c["name"] == name]
    return dict(found)
