"""Every check, in the order in which they are asked, and the cases that they make of a plugin."""

from __future__ import annotations

from vidgen_bench.conformance.check import Case, Check
from vidgen_bench.conformance.checks.autocast import autocast
from vidgen_bench.conformance.checks.declaration import declaration
from vidgen_bench.conformance.checks.determinism import determinism
from vidgen_bench.conformance.checks.gradients import gradients
from vidgen_bench.conformance.checks.means import means
from vidgen_bench.conformance.checks.pairing import pairing
from vidgen_bench.conformance.checks.parameters import parameters
from vidgen_bench.conformance.checks.quiet import quiet
from vidgen_bench.conformance.checks.renderer import has_path, renderer
from vidgen_bench.conformance.checks.reversal import goes_back, reversal
from vidgen_bench.conformance.checks.rows import rows
from vidgen_bench.conformance.checks.saving import saving
from vidgen_bench.conformance.checks.shapes import shapes
from vidgen_bench.conformance.checks.step import step
from vidgen_bench.conformance.checks.times import times
from vidgen_bench.conformance.subject import Declared, Subject, subjects
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.host.host import KIND_WORDS, Host, Kind

CHECKS: tuple[Check, ...] = (
    Check(
        "declaration",
        "a frozen value, options with help, no torch, numpy or scipy imported",
        "declaration",
        declaration,
    ),
    Check(
        "pairing",
        "it fits something installed; a backbone works at its small size",
        "declaration",
        pairing,
    ),
    Check(
        "shapes",
        "paths and clips of the shape asked for, float32, pixels in [-1, 1]",
        "pair and variants",
        shapes,
    ),
    Check(
        "gradients",
        "a finite gradient, a part and a player for every weight",
        "pair and variants",
        gradients,
    ),
    Check(
        "determinism",
        "a seed gives one game, a key one loss; no draw depends on another",
        "pair",
        determinism,
    ),
    Check(
        "rows",
        "a sample alone is the sample in a batch: noise exactly, pixels to 1e-5",
        "pair",
        rows,
    ),
    Check(
        "times",
        "denser and longer clips keep the training frames; the rest is refused",
        "pair",
        times,
    ),
    Check(
        "reversal",
        "time passes smoothly through 0, and a flow returns to its start",
        "pair and variants",
        reversal,
        goes_back,
    ),
    Check(
        "parameters",
        "options alone decide the count, and :equal is equal",
        "pair and variants",
        parameters,
    ),
    Check(
        "saving",
        "saved parts in another game give the same samples and next losses",
        "pair",
        saving,
    ),
    Check(
        "autocast",
        "bfloat16 gives nearly the same clips, and finite gradients",
        "pair",
        autocast,
    ),
    Check(
        "step",
        "two training iterations leave losses and parameters finite",
        "pair",
        step,
    ),
    Check(
        "quiet",
        "no loss waits for the device; no global random numbers are touched",
        "pair",
        quiet,
    ),
    Check(
        "means",
        "every loss term is a mean over rows, not a sum",
        "pair",
        means,
    ),
    Check(
        "renderer",
        "the backbone draws the same weights around any temporal generator",
        "pair",
        renderer,
        has_path,
    ),
)
"""Each asks one thing that the contract says; docs/plugins/checks.md has a paragraph for each."""

KINDS: tuple[Kind, ...] = ("backbone", "temporal")


def cases(name: str, host: Host | None = None) -> tuple[Case, ...]:
    """Return every check on every pair of a backbone or a temporal generator (of both, where a name has two kinds).

    A temporal generator is tried with every installed backbone that it fits, at the backbone's reduced size, with each of its
    variants; a backbone with every installed temporal generator, or alone. A check that does not apply to a pair makes no case.

    Args:
        name: of the plugin.
        host: the plugins; those of the environment unless given.
    Raises:
        RequestError: nobody declares such a backbone or temporal generator.
        PluginError: the plugin is broken, or two declare the name.
    """
    host = host or Host.of_environment()
    found: dict[str, Case] = {}
    asked: list[Declared | Subject] = []
    for declared in _named(name, host):
        asked += [declared, *subjects(declared)]
    for check in CHECKS:
        for subject in asked:
            if check.asks_of(subject):
                case = Case(check, subject)
                found.setdefault(f"{case}{declared_kind(subject)}", case)
    return tuple(found.values())


def declared_kind(subject: Declared | Subject) -> str:
    """Return the kind of a declaration, which tells two of one name apart."""
    return subject.plugin.kind if isinstance(subject, Declared) else ""


def _named(name: str, host: Host) -> list[Declared]:
    kinds = [kind for kind in KINDS if any(f.name == name for f in host.of(kind))]
    if kinds:
        return [Declared(host.find(kind, name), host) for kind in kinds]
    host.refuse_broken(name)
    elsewhere = sorted({KIND_WORDS.get(f.kind, f.kind) for f in host.plugins if f.name == name})
    if elsewhere:
        raise RequestError(
            f"{name!r} is a {' and a '.join(elsewhere)}; backbones and temporal generators are what can be checked."
        )
    if (one := name.partition(":")[0].rpartition("+")[2]) != name:
        raise RequestError(
            f"{name!r} is a spec; expected the name of one plugin, such as {one!r}: it is tried with all that it goes with."
        )
    names = {f.name for kind in KINDS for f in host.of(kind)}
    raise RequestError(
        f"No backbone or temporal generator is called {name!r}.{did_you_mean(name, names)} "
        "A plugin is found once its package is installed, such as by `pip install -e my-ode`."
    )
