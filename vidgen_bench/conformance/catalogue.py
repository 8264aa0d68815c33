"""Every check, in the order in which they run, and the cases of a plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vidgen_bench.conformance.check import Case, Check, Target
from vidgen_bench.conformance.checks.attach import check_attach
from vidgen_bench.conformance.checks.autocast import check_autocast
from vidgen_bench.conformance.checks.cancel import check_cancel
from vidgen_bench.conformance.checks.codes import check_codes
from vidgen_bench.conformance.checks.declaration import check_declaration
from vidgen_bench.conformance.checks.determinism import check_determinism
from vidgen_bench.conformance.checks.divergence import check_divergence
from vidgen_bench.conformance.checks.features import check_features
from vidgen_bench.conformance.checks.gradients import check_gradients
from vidgen_bench.conformance.checks.killed import check_killed
from vidgen_bench.conformance.checks.labels import check_labels, has_labels
from vidgen_bench.conformance.checks.means import check_means
from vidgen_bench.conformance.checks.needs import check_needs
from vidgen_bench.conformance.checks.null import check_null, is_null
from vidgen_bench.conformance.checks.order import check_order
from vidgen_bench.conformance.checks.output import check_output
from vidgen_bench.conformance.checks.pairing import check_pairing
from vidgen_bench.conformance.checks.parameters import check_parameters
from vidgen_bench.conformance.checks.polling import check_polling
from vidgen_bench.conformance.checks.quiet import check_quiet
from vidgen_bench.conformance.checks.refusal import check_refusal
from vidgen_bench.conformance.checks.renderer import check_renderer, has_path
from vidgen_bench.conformance.checks.reversal import check_reversal, goes_back
from vidgen_bench.conformance.checks.rows import check_rows
from vidgen_bench.conformance.checks.samples import check_samples
from vidgen_bench.conformance.checks.saving import check_saving
from vidgen_bench.conformance.checks.scores import check_scores
from vidgen_bench.conformance.checks.shapes import check_shapes
from vidgen_bench.conformance.checks.step import check_step
from vidgen_bench.conformance.checks.submission import check_submission
from vidgen_bench.conformance.checks.times import check_times
from vidgen_bench.conformance.launcher_subject import is_launcher, launcher_subjects
from vidgen_bench.conformance.metric_subject import metric_subjects
from vidgen_bench.conformance.subject import Declared, subjects
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.host.host import KIND_WORDS, Host, Kind, with_article

CHECKS: tuple[Check, ...] = (
    Check(
        "declaration",
        "immutable, options have help, imports no torch, numpy or scipy",
        "declaration",
        check_declaration,
    ),
    Check(
        "pairing",
        "it fits an installed plugin; a backbone works at its small size",
        "declaration",
        check_pairing,
        lambda declared: declared.plugin.kind in ("backbone", "temporal"),
    ),
    Check(
        "shapes", "paths and clips have the right shape, float32, pixels in [-1, 1]", "pair and variants", check_shapes
    ),
    Check(
        "gradients",
        "every weight is in a part and a player, with a finite gradient",
        "pair and variants",
        check_gradients,
    ),
    Check("determinism", "one game per seed, one loss per key; no draw depends on another", "pair", check_determinism),
    Check("rows", "a sample is the same in any batch: noise exactly, pixels to 1e-5", "pair", check_rows),
    Check(
        "labels",
        "classes are drawn per row, and each class gives another clip",
        "pair",
        check_labels,
        has_labels,
    ),
    Check("times", "denser and longer clips keep the training frames, or are refused", "pair", check_times),
    Check(
        "reversal",
        "the path is smooth through time 0, and a flow returns to its start",
        "pair and variants",
        check_reversal,
        goes_back,
    ),
    Check("null", "a null model carries no motion", "pair and variants", check_null, is_null),
    Check(
        "parameters", "options alone determine the count, and :equal matches it", "pair and variants", check_parameters
    ),
    Check("saving", "saved parts give another game the same samples and next losses", "pair", check_saving),
    Check("autocast", "bfloat16 gives nearly the same clips and finite gradients", "pair", check_autocast),
    Check("step", "two training iterations leave losses and parameters finite", "pair", check_step),
    Check("quiet", "no loss waits for the device; global random numbers stay untouched", "pair", check_quiet),
    Check("means", "every loss term is a mean over rows, not a sum", "pair", check_means),
    Check(
        "renderer", "the backbone draws the same weights with any temporal generator", "pair", check_renderer, has_path
    ),
    Check("refusal", "it says in words, soon, whether it can start jobs", "declaration", check_refusal, is_launcher),
    Check("submission", "submit returns before its jobs end, and each runs once", "launcher", check_submission),
    Check("codes", "exit codes arrive as they are, 128 + N after signal N", "launcher", check_codes),
    Check("output", "output is appended to the log; threads and GPUs are set", "launcher", check_output),
    Check("order", "a job starts after those before it, or is skipped", "launcher", check_order),
    Check("cancel", "every job gets SIGTERM and is over when cancel returns", "launcher", check_cancel),
    Check("killed", "a killed process is reported and harms no other job", "launcher", check_killed),
    Check("attach", "jobs that outlive their process are found again", "launcher", check_attach),
    Check("polling", "poll never waits and returns each event once", "launcher", check_polling),
    Check(
        "features",
        "features of pixels are float64 and finite, each of its own clip",
        "metric",
        check_features,
        lambda subject: subject.reads_pixels,
    ),
    Check("scores", "scores are finite numbers, and their inputs stay unchanged", "metric", check_scores),
    Check("samples", "the order of samples and earlier batches change no score", "metric", check_samples),
    Check("divergence", "a clip that is not finite makes the score nan", "metric", check_divergence),
    Check("needs", "too few samples and a missing reference are refused in words", "metric", check_needs),
)
"""One check per requirement of the contract; docs/plugins/checks.md has a paragraph on each."""

KINDS: tuple[Kind, ...] = ("backbone", "temporal", "launcher", "metric")


_SUBJECTS: dict[Kind, Callable[[Declared], Iterable[Target]]] = {
    "launcher": launcher_subjects,
    "metric": metric_subjects,
}
"""What a plugin is tried as; of the other kinds, in pairs."""


def cases(name: str, host: Host | None = None) -> tuple[Case, ...]:
    """Return every check on every pair of a plugin (as every kind, if plugins of several kinds share the name).

    A temporal generator is paired with every installed backbone it fits, at the backbone's reduced size, in each of its
    variants; a backbone with every installed temporal generator, or alone. Checks that do not apply to a pair are left out.
    A launcher starts small jobs with its default options, unless it refuses these here. A metric scores features drawn at random, or the
    pixels of moving clips.

    Args:
        name: the name of the plugin.
        host: the plugins; by default those installed in the environment.
    Raises:
        RequestError: there is no backbone, temporal generator, launcher or metric with that name.
        PluginError: the plugin is broken, or two packages declare the name.
    """
    targets: dict[str, Target] = {}
    for declared in _named(name, host or Host.of_environment()):
        targets[f"{declared.plugin.kind} {name}"] = declared
        targets |= {subject.name: subject for subject in _SUBJECTS.get(declared.plugin.kind, subjects)(declared)}
    return tuple(Case(check, target) for check in CHECKS for target in targets.values() if check.makes_case_of(target))


def _named(name: str, host: Host) -> list[Declared]:
    kinds = [kind for kind in KINDS if any(f.name == name for f in host.of(kind))]
    if kinds:
        return [Declared(host.find(kind, name), host) for kind in kinds]
    host.refuse_broken(name)
    elsewhere = sorted({KIND_WORDS.get(f.kind, f.kind) for f in host.plugins if f.name == name})
    if elsewhere:
        raise RequestError(
            f"{name!r} is {' and '.join(map(with_article, elsewhere))}; only backbones, temporal generators, launchers and metrics can "
            "be checked."
        )
    if (one := name.partition(":")[0].rpartition("+")[2]) != name:
        raise RequestError(
            f"{name!r} is a spec; expected the name of one plugin, such as {one!r}, which is checked in every pair it fits."
        )
    names = {f.name for kind in KINDS for f in host.of(kind)}
    raise RequestError(
        f"There is no backbone, temporal generator, launcher or metric named {name!r}.{did_you_mean(name, names)} "
        "Install the package of the plugin first: `pip install -e my-ode`."
    )
