"""What a release says of itself: the citation file agrees with the package, and its classifiers exist."""

from __future__ import annotations

import re
import tomllib

from trove_classifiers import classifiers, deprecated_classifiers

from tests.kit.imports import ROOT
from vidgen_bench.version import __version__

CITATION = (ROOT / "CITATION.cff").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def cited(key: str) -> str:
    """Return the value of a top-level key of the citation file."""
    (value,) = re.findall(rf'^{key}: "?(.*?)"?$', CITATION, re.MULTILINE)
    return value


def test_the_citation_is_of_this_package_and_version() -> None:
    assert (cited("title"), cited("version")) == (PROJECT["name"], __version__)
    assert (cited("license"), cited("abstract")) == (PROJECT["license"], PROJECT["description"])
    assert re.findall(r"^  - ([^\n\"]+)$", CITATION, re.MULTILINE)[-5:] == PROJECT["keywords"]
    (holder,) = re.findall(r"^Copyright \d{4} (.+)$", (ROOT / "NOTICE").read_text(), re.MULTILINE)
    assert f'- name: "{holder}"' in CITATION


def test_the_classifiers_exist_and_hold() -> None:
    assert set(PROJECT["classifiers"]) <= classifiers - set(deprecated_classifiers)
    (least,) = re.findall(r">=(\d+\.\d+)$", PROJECT["requires-python"])
    assert f"Programming Language :: Python :: {least}" in PROJECT["classifiers"]
    assert (ROOT / "vidgen_bench" / "py.typed").exists()
