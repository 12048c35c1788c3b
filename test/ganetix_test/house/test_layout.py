"""What has to be where for Twisted to find our plugins, and for a reader to find our rooms."""

import tomllib

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.house import source

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
        settings = tomllib.loads((source.ROOT / "pyproject.toml").read_text("utf-8"))
        layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
        optional = {
            name.strip(" ()") for layer in layers for name in layer.split("|") if "(" in name
        }
        built = {path.stem for path in (source.ROOT / "ganetix").iterdir()}
        self.assertEqual(optional & built, set())
