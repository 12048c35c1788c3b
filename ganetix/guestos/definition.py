"""What an OS definition is, read from the files of its directory. Pure.

A definition is a directory of scripts; the reference's on-disk formats, section 6, say which. An
instance names it as ``name`` or ``name+variant``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from ganetix import errors
from ganetix.model import params

API_VERSIONS: Final = (10, 15, 20)
API_FILE: Final = "ganeti_api_version"
VARIANTS_FILE: Final = "variants.list"
PARAMETERS_FILE: Final = "parameters.list"
TEXT_FILES: Final[tuple[str, ...]] = (API_FILE, VARIANTS_FILE, PARAMETERS_FILE)
CREATE: Final = "create"
CREATE_UNTRUSTED: Final = "create_untrusted"
VERIFY: Final = "verify"
SCRIPTS: Final[tuple[str, ...]] = (CREATE, CREATE_UNTRUSTED, "import", "export", "rename", VERIFY)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@attrs.frozen
class Definition:
    """A usable OS definition; *api* is the highest version that it and ganetix both speak."""

    name: str
    path: str
    api: int
    api_versions: tuple[int, ...]
    variants: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    trusted: bool = True
    untrusted: bool = False

    def variant_of(self, os_name: str) -> str:
        """Return the variant for *os_name*; the first declared one when it names none."""
        _, _, variant = os_name.partition("+")
        return (variant or self.variants[0]) if self.variants else ""

    def check_variant(self, os_name: str) -> None:
        """Raise `errors.OpPrereqError` unless *os_name* has a variant if, and as, declared."""
        _, _, variant = os_name.partition("+")
        declared = ", ".join(self.variants)
        if not self.variants:
            wrong = f"has no variants, but '{os_name}' names one" if variant else ""
        elif not variant:
            wrong = f"needs a variant, such as '{self.name}+{self.variants[0]}'; it has: {declared}"
        elif variant not in self.variants:
            wrong = f"does not have the variant '{variant}'; it has: {declared}"
        else:
            wrong = ""
        if wrong:
            raise errors.OpPrereqError(f"OS {self.name} {wrong}.", errors.INVAL)

    def check_parameters(self, given: Sequence[str]) -> None:
        """Raise `errors.OpPrereqError` if *given* has names that are not declared."""
        known = [name for name, _ in self.parameters]
        strange = sorted(set(given) - {*known, params.OS_IMAGE})
        if self.api < 20 or not strange:
            return
        told = ", ".join(known) or "none"
        raise errors.OpPrereqError(
            f"OS {self.name} does not take the parameter {', '.join(strange)}; it takes: {told}.",
            errors.INVAL,
        )

    def check_install(self) -> None:
        """Raise `errors.OpPrereqError` unless there is a script that installs it on the node."""
        if not self.trusted:
            raise errors.OpPrereqError(
                f"OS {self.name} only has {self.path}/{CREATE_UNTRUSTED}, which needs a metadata "
                f"service and a helper virtual machine; choose one with {CREATE}.",
                errors.STATE,
            )


def base_name(os_name: str) -> str:
    """Return the definition's name in *os_name*; raise `errors.OpPrereqError` if it is none."""
    name = os_name.partition("+")[0]
    if not _NAME.fullmatch(name):
        raise errors.OpPrereqError(
            f"'{os_name}' is not the name of an OS definition; 'gnt-os list' shows the known ones.",
            errors.INVAL,
        )
    return name


def parse(
    name: str, path: str, texts: Mapping[str, str], programs: Mapping[str, bool]
) -> Definition:
    """Make the definition *name* of directory *path*.

    *texts* are the `TEXT_FILES` that exist; *programs* tells for each of `SCRIPTS` that exists
    whether it is an executable file. Raise `errors.ConfigurationError` with a sentence when the
    definition is not usable.
    """
    declared = _api_versions(path, texts)
    common = sorted(set(declared) & set(API_VERSIONS))
    if not common:
        raise errors.ConfigurationError(
            f"{path}/{API_FILE} declares version {_listed(declared)}; it needs one of "
            f"{_listed(API_VERSIONS)}."
        )
    api = common[-1]
    _check_scripts(path, api, programs)
    if api >= 20 and PARAMETERS_FILE not in texts:
        raise errors.ConfigurationError(
            f"{path}/{PARAMETERS_FILE} is missing; version 20 needs it."
        )
    return Definition(
        name,
        path,
        api,
        declared,
        tuple(_lines(texts.get(VARIANTS_FILE, ""))) if api >= 15 else (),
        _parameters(texts[PARAMETERS_FILE]) if api >= 20 else (),
        trusted=CREATE in programs,
        untrusted=CREATE_UNTRUSTED in programs,
    )


def _api_versions(path: str, texts: Mapping[str, str]) -> tuple[int, ...]:
    if API_FILE not in texts:
        raise errors.ConfigurationError(f"{path}/{API_FILE} is missing.")
    try:
        return tuple(int(line) for line in texts[API_FILE].split())
    except ValueError:
        raise errors.ConfigurationError(
            f"{path}/{API_FILE} must hold whole numbers, one on each line."
        ) from None


def _check_scripts(path: str, api: int, programs: Mapping[str, bool]) -> None:
    needed = ["import", "export", "rename", *([VERIFY] if api >= 20 else [])]
    if CREATE not in programs and CREATE_UNTRUSTED not in programs:
        raise errors.ConfigurationError(
            f"{path} has neither {CREATE} nor {CREATE_UNTRUSTED}; one is needed."
        )
    for script in needed:
        if script not in programs:
            raise errors.ConfigurationError(f"{path}/{script} is missing.")
    for script, executable in programs.items():
        if not executable:
            raise errors.ConfigurationError(f"{path}/{script} is not an executable file.")


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    rows = (line.split(None, 1) for line in _lines(text))
    return tuple((row[0].lower(), row[1] if len(row) > 1 else "") for row in rows)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
