"""Python, vidgen-bench itself and the optional libraries."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from vidgen_bench.experiments.doctor.finding import Finding
from vidgen_bench.version import __version__

EXTRAS = {"ray": ("ray", "--on ray"), "plot": ("matplotlib", "runs plot")}
"""The extras of the package, each with the module that it brings, and what needs it."""


def check_python() -> Finding:
    """Return the version of Python and of vidgen-bench, and where they are."""
    folder = Path(__file__).resolve().parents[2]
    details = {
        "python": platform.python_version(),
        "executable": sys.executable,
        "vidgen-bench": __version__,
        "folder": str(folder),
        "platform": platform.platform(),
    }
    return Finding(
        "python", "ok", f"Python {details['python']}, vidgen-bench {__version__} in {folder.parent}", details=details
    )


def check_libraries() -> Finding:
    """Return the libraries that vidgen-bench needs and that are missing or too old."""
    wrong, found = [], {}
    for name, requirement in _needed().items():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if not requirement.specifier.contains(found[name], prereleases=True):
            wrong.append(f"{name} is {found[name]}, expected {requirement.specifier}")
    if wrong:
        return Finding("libraries", "fault", "; ".join(wrong), "pip install --upgrade vidgen-bench", found)
    return Finding("libraries", "ok", f"all {len(found)} are there, in versions that fit", details=found)


def check_extras() -> Finding:
    """Return which optional libraries are installed."""
    there = {name: find_spec(module) is not None for name, (module, _) in EXTRAS.items()}
    texts = [f"{name} ({EXTRAS[name][1]}) {'installed' if has else 'not installed'}" for name, has in there.items()]
    fix = (
        ""
        if all(there.values())
        else f"pip install 'vidgen-bench[{','.join(n for n, has in there.items() if not has)}]' adds them"
    )
    return Finding("extras", "ok", "; ".join(texts), fix, there)


def _needed() -> dict[str, Requirement]:
    """Return the requirements of this environment, without those of the extras."""
    found = {}
    try:
        lines = requires("vidgen-bench") or []
    except PackageNotFoundError:  # run from a folder, without an installation
        lines = []
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found[requirement.name] = requirement
    return found
