"""How ganetix is packaged; built through the build system of pyproject.toml."""

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "ganetix/__init__.py").read_text("utf-8"))

GNT = (
    "backup",
    "cluster",
    "node",
    "group",
    "instance",
    "network",
    "os",
    "filter",
    "job",
    "debug",
    "storage",
)
DAEMONS = {"masterd": "masterd", "noded": "noded", "rapi": "rapid"}
HTOOLS = ("hail", "hbal", "hcheck", "hinfo", "harep", "hroller", "hscan", "hspace", "hsqueeze")

PROGRAMS = [
    *(f"gnt-{noun} = ganetix.cli.main:gnt_{noun}" for noun in GNT),
    *(f"ganeti-{name} = ganetix.daemons.{module}:main" for name, module in DAEMONS.items()),
    "daemon-util = ganetix.daemons.daemon_util:main",
    "cfgupgrade = ganetix.daemons.cfgupgrade:main",
    "node-cleanup = ganetix.daemons.node_cleanup:main",
    "burnin = ganetix.cli.main:burnin",
    "move-instance = ganetix.cli.main:move_instance",
    "vcluster-setup = ganetix.vcluster.setup:main",
    "ganeti-watcher = ganetix.watcher.program:main",
    "ganeti-cleaner = ganetix.watcher.cleaner_program:main",
    *(f"{tool} = ganetix.cli.htools.{tool}:main" for tool in HTOOLS),
]


def pages_of(section: str) -> list[str]:
    """Return the man pages of *section*, built by the check "docs" and kept in the tree."""
    return sorted(
        f"docs/man/{section}/{page.name}" for page in (HERE / "docs/man" / section).iterdir()
    )


setup(
    name="ganetix",
    version=VERSION.group(1) if VERSION else "0",
    description="Virtual machines on a cluster of ordinary machines, with Ganeti's interfaces",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="BSD-2-Clause",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    # find_packages can't see twisted.plugins: a directory that we share has no __init__.py.
    packages=[*find_packages(include=["ganetix", "ganetix.*"]), "twisted.plugins"],
    # This makes `pip install -e` write a plain path entry; the default import hook hides plugins.
    package_dir={"": "."},
    # Where man looks for a page: beside the directory of the programs.
    data_files=[(f"share/man/{section}", pages_of(section)) for section in ("man1", "man8")],
    package_data={"ganetix": ["py.typed", "share/**"]},
    install_requires=[
        "twisted[tls,conch,websocket]>=25.5",
        "pyOpenSSL>=24.3",
        "service-identity>=23.1",
        "cryptography>=44",
        "zope.interface>=6",
        "txaio>=23.1",
        "msgspec>=0.19",
        "attrs>=23.2",
        "pycdlib>=1.14",
        "prometheus-client>=0.20",
        "numpy>=1.26",
    ],
    extras_require={
        "libvirt": ["libvirt-python>=9"],
        "test": ["hypothesis>=6.100", "openapi-spec-validator>=0.8"],
    },
    entry_points={"console_scripts": PROGRAMS},
)
