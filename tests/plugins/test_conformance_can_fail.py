"""Every check of the conformance kit fails for a plugin that violates it, with a message, and the other checks pass."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.kit.conformance import MODEL_CHECKS as CHECKS
from tests.kit.conformance import failures
from tests.kit.wrong import host_of
from vidgen_bench.compose.composition import Composition
from vidgen_bench.conformance import Case, Nonconformance, cases, conformance_test
from vidgen_bench.errors import PluginError, RequestError
from vidgen_bench.host.host import Host

RIGHT = host_of("tests.kit.wrong.right")
TEMPORAL = host_of("tests.kit.wrong.right", "tests.kit.wrong.temporal")
BACKBONES = host_of("tests.kit.wrong.right", "tests.kit.wrong.backbones")
STATE = host_of("tests.kit.wrong.right", "tests.kit.wrong.state")
HIDDEN = host_of("tests.kit.wrong.right", "tests.kit.wrong.hidden")
HIDDEN_BACKBONES = host_of("tests.kit.wrong.right", "tests.kit.wrong.hidden_backbones")
LABELLED = host_of("tests.kit.wrong.right", "tests.kit.wrong.labelled")
HEAVY = host_of("tests.kit.wrong.right", "tests.kit.wrong.heavy")
HOSTS = (TEMPORAL, BACKBONES, STATE, HIDDEN, HIDDEN_BACKBONES, LABELLED, HEAVY)


@dataclass(frozen=True)
class Wrong:
    """A plugin, the check that fails, words of its message, and the other checks that fail inevitably."""

    name: str
    check: str
    words: str
    also: tuple[str, ...] = ()
    host: Host = TEMPORAL


WRONG = (
    Wrong("unfrozen", "declaration", "its name could be changed"),
    Wrong("unexplained", "declaration", "'width' has none. Declare it with vidgen_bench.api.option"),
    Wrong("out-of-range", "declaration", "width=6: expected integer, at least 7"),
    Wrong("misset", "declaration", "variant 'wide' to have the option's type: width='12' is read as 12"),
    Wrong("unnamed", "declaration", "a non-empty summary of one line: it is empty"),
    Wrong("heavy", "declaration", "imports torch and numpy. Move the networks to a separate module", host=HEAVY),
    Wrong("lonely", "pairing", "lonely refuses the latent of tiny: it takes matrices, not (6,)"),
    Wrong("speechless", "pairing", "'speechless' of strange 1.0 (entry point 'temporal') failed: KeyError"),
    Wrong("homeless", "pairing", "There is no temporal generator named 'nowhere'", host=BACKBONES),
    Wrong("picky", "pairing", "it refuses: it takes clips of 16 frames, not 4", host=BACKBONES),
    Wrong("absurd", "pairing", "noise is 7, expected 0 .. 6, the width of z_0", host=BACKBONES),
    Wrong("pathless", "pairing", "its own temporal generator 'glide', but latent() is None", host=BACKBONES),
    Wrong("sizeless", "pairing", "expected (Clip(...), {option: value})", host=BACKBONES),
    Wrong("shapeless", "pairing", "a clip that is not valid for a track, Clip(frames=1", host=BACKBONES),
    Wrong("colourful", "pairing", "4 channels, expected 3", host=BACKBONES),
    Wrong("squeezed", "shapes", "of shape [2, 4, 6], not [2, 4, 1, 6]"),
    Wrong("bright", "shapes", "pixels in [-1, 1]: the largest is", host=BACKBONES),
    Wrong("wide", "shapes", "game.sample in float32, not float64", host=BACKBONES),
    Wrong("alike", "shapes", "expected samples 0 and 1 to differ", host=BACKBONES),
    # NaN stays NaN under autocast and at other instants
    Wrong("spotted", "shapes", "finite: 12.5% of its values are not", ("times", "autocast"), BACKBONES),
    # the trainer asks for every gradient, too
    Wrong("idle", "gradients", "2 of 12 get no gradient (generator.temporal.spare.weight,", ("step",)),
    Wrong("steep", "gradients", "1 of 11 are not (generator.temporal.scale)", ("step", "autocast")),
    Wrong("listed", "gradients", "depends on 2 that are not (of shape [6, 6], [6])", ("shapes", "saving")),
    Wrong("orphan", "gradients", "to belong to a player: 2 do not (extra.weight, extra.bias)", host=BACKBONES),
    Wrong("detached", "gradients", "to have a gradient: it does not depend", ("step",), BACKBONES),
    Wrong("lazy", "gradients", "4 of 4 are unchanged", host=BACKBONES),
    Wrong("breaking", "gradients", "`after` of player 'critic' to leave its parameters finite", ("step",), BACKBONES),
    Wrong("unseeded", "determinism", "twice: 1 of the 14 tensors of 'generator' differ (temporal.offset)"),
    Wrong("reborn", "determinism", "another seed to build other weights: all 4 of 'critic'", host=BACKBONES),
    # every check that computes a value twice sees the difference
    Wrong("attributed", "determinism", "the weights are equal and the samples differ", ("saving",)),
    Wrong(
        "numbered",
        "determinism",
        "a sample to be independent of earlier samples",
        ("rows", "times", "saving", "autocast", "means"),
    ),
    Wrong("counting", "determinism", "one key and one state to give player", ("saving", "means"), BACKBONES),
    Wrong("stuck", "determinism", "another key to give player 'critic' another loss", host=BACKBONES),
    Wrong("leaky", "determinism", "to leave the state unchanged: it changed generator.seen", host=BACKBONES),
    Wrong("secretive", "determinism", "it is False, and forward draws normal('kick', 6)"),
    Wrong("boastful", "determinism", "it is True, and forward draws nothing"),
    Wrong("crowded", "rows", "path of latents of sample 11 alone to be the same as in a batch of 3", ("means",)),
    Wrong("lengthy", "rows", "the batch has no draw normal('kick', 1, 6). A draw has"),
    Wrong("neighbourly", "rows", "the clips of sample 11 alone", host=BACKBONES),
    Wrong("renumbered", "rows", "the clips of sample 11 alone", host=BACKBONES),
    Wrong("held", "times", "frames between the training frames to move on in the path of latents: 9 of 9 are copies"),
    Wrong("parked", "times", "frames after the training frames to move on in the path of latents: 4 of 4 are copies"),
    Wrong("shifted", "rows", "expected row 12 to draw the same numbers", host=BACKBONES),
    Wrong("clamped", "times", "frames after the training frames to move on in the clips: 4 of 4", host=BACKBONES),
    Wrong("stretched", "times", "to keep the training frames within"),
    Wrong("sorted", "times", "6 of the instants alone and in another order"),
    Wrong("short", "times", "one frame per instant: there are 4"),
    Wrong("wild", "times", "to be finite: 4 frames are not, the first at 1.33"),
    Wrong("apart", "times", "to have the same frames as with fewer instants"),
    Wrong("mirrored", "reversal", "a smooth path has about 4, a kink 1"),
    Wrong("mirrored-by-frame", "reversal", "a smooth path has about 4, a kink 1"),
    Wrong("jumping", "reversal", "a smooth path has about 4, a kink 1"),
    Wrong("straight", "reversal", "forward by 1 and back by 1"),
    # to stand still is to emit copies
    Wrong("stopped", "reversal", "a smooth path has about 4", ("times",)),
    Wrong("restless", "null", "expected a null model to carry no motion"),
    Wrong("level", "parameters", "own 84 parameters to the nearest hidden unit: it has 266, and 84 is possible"),
    Wrong("roughly-level", "parameters", "within 10% of the backbone's own 84 parameters: it has 266"),
    Wrong("shadowed", "parameters", "one parameter count on the meta device and when built: 97 and 84"),
    Wrong("grown", "parameters", "every seed to build parameters of the same sizes: 3 differ", ("saving",)),
    Wrong("forgetful", "saving", "to give the same samples"),
    Wrong("outside", "saving", "to give the same samples", host=BACKBONES),
    Wrong("weighted", "saving", "to give player 'generator' the same next loss", host=BACKBONES),
    Wrong("brittle", "autocast", "it raised RuntimeError"),
    Wrong("fussy", "autocast", "near those in float32: the root mean square of the difference is 0."),
    Wrong("greedy", "step", "finite losses in iteration", host=BACKBONES),
    Wrong("wayward", "step", "at iteration 1 it returns -1.0", host=BACKBONES),
    Wrong("asking", "quiet", "it calls aten::_local_scalar_dense", host=BACKBONES),
    Wrong("drawing", "quiet", "the loss of player 'critic' not to draw from torch's global generator", host=BACKBONES),
    Wrong("reseeding", "quiet", "its state has changed. Do not seed it", host=BACKBONES),
    Wrong("scattering", "quiet", "expected sampling not to draw from torch's global generator", host=BACKBONES),
    Wrong("torch-after", "quiet", "`after` of player 'critic' not to draw from torch's global generator", host=STATE),
    Wrong(
        "numpy-after", "quiet", "to leave numpy's global generator unchanged", ("gradients", "saving", "step"), STATE
    ),
    Wrong("python-after", "quiet", "to leave Python's `random` unchanged", ("gradients", "saving", "step"), STATE),
    Wrong("remembering", "saving", "`after` of player 'critic' to do the same in a game loaded", host=STATE),
    Wrong("decaying", "saving", "to depend on the iteration alone: at iteration 1000 it gives 0.99", host=STATE),
    Wrong("listing", "quiet", "it calls Tensor.tolist. It copies from the device", host=STATE),
    Wrong("copying", "quiet", 'it calls Tensor.to("cpu"). It copies', host=STATE),
    Wrong("fetching", "quiet", "it calls Tensor.cpu. It copies", host=STATE),
    Wrong("arraying", "quiet", "it calls numpy.asarray. It copies", host=STATE),
    Wrong("numbering", "quiet", "it calls Tensor.numpy. It copies", host=STATE),
    Wrong("masking", "quiet", "it calls aten::index.Tensor. A boolean mask", host=STATE),
    Wrong("selecting", "quiet", "it calls aten::masked_select. A boolean mask", host=STATE),
    Wrong("summing", "means", "term 'real' of player 'critic' to be a mean over rows", host=BACKBONES),
    Wrong("dividing", "means", "divisions by a fixed batch size", host=BACKBONES),
    Wrong("mirrored-swings", "reversal", "a smooth path has about 4, a kink 1), and inside", host=HIDDEN),
    # state kept between calls also breaks the rows
    Wrong("cached", "determinism", "a sample to be independent of earlier samples", ("means",), HIDDEN),
    Wrong("borrowed", "rows", "the backbone 'tiny' draws 'z' too. One name", host=HIDDEN),
    Wrong("in-place", "determinism", "forward to leave z_0 unchanged", host=HIDDEN),
    Wrong("settled", "shapes", "Create tensors with device=z0.device", host=HIDDEN),
    Wrong("replayed", "determinism", "all 4 of the temporal generator are the same", host=HIDDEN),
    Wrong("reseeded", "determinism", "its seed is now 7. Do not seed in build()", host=HIDDEN),
    Wrong("largest", "means", "cannot be averaged over processes", host=HIDDEN_BACKBONES),
    Wrong(
        "squared",
        "means",
        "term 'match' of player 'generator' to be a mean over rows: for 4 rows",
        host=HIDDEN_BACKBONES,
    ),
    Wrong("editing", "determinism", "to leave the clips passed to it unchanged", host=HIDDEN_BACKBONES),
    Wrong("silent", "determinism", "expected a loss to draw from the noise of its turn", ("means",), HIDDEN_BACKBONES),
    Wrong("restless", "gradients", "leave every parameter as it is: it changes 10 (average.", host=LABELLED),
    Wrong("carrying", "gradients", "to change its own parameters only: it changes 10 others (average.", host=LABELLED),
    Wrong("tallying", "means", "change buffers in the same way on every process: 1 differ", host=LABELLED),
    Wrong("hidden-average", "saving", "to give the same samples after another iteration", host=LABELLED),
    Wrong("deaf", "labels", "expected another class to give another clip", host=LABELLED),
    Wrong("redrawing", "renderer", "4 of 10 differ (generator.frame.0.weight", host=BACKBONES),
)

WRONG_LABELS = {
    "floating": "to return int64 [N], [256] here: it returns int32 [256]",
    "beyond": "to draw classes from 0 to 1: they are from 1 to 2",
    "counting": "with training videos of each class given: expected game.labels to draw classes from 0 to 1: they are from 1 to 2",
    "single": "to draw several of the 2 classes: all 256 are 0",
    "positional": "to depend on its own row of the noise only",
    "entangled": "use its own names for noise: sample() draws 'z' too",
    "flipped": "of the classes 0, 1, 1, sample 10 does not have class 0",
    "classless": "to have at least 2 classes",
}
"""Class-conditional backbones that fail ``labels`` in other ways; their other checks are not run."""


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.check}-{wrong.name}")
def test_a_wrong_plugin_fails_its_check_and_no_other(wrong: Wrong) -> None:
    found = failures(wrong.name, wrong.host)
    assert wrong.words in found[wrong.check]
    assert "\n" not in found[wrong.check]
    assert set(found) == {wrong.check, *wrong.also}


def test_a_class_conditional_backbone_fails_its_check_in_many_ways() -> None:
    found = {}
    for name in WRONG_LABELS:
        (case,) = (case for case in cases(name, LABELLED) if case.check == "labels")
        with pytest.raises(Nonconformance) as raised:
            case()
        found[name] = str(raised.value)
    assert not {name: text for name, text in found.items() if WRONG_LABELS[name] not in text}


def test_every_check_has_a_plugin_that_fails_it() -> None:
    assert {wrong.check for wrong in WRONG} == {check.name for check in CHECKS}


def test_every_wrong_plugin_is_tried() -> None:
    right = {"tiny", "glide", "kicked", "euler", "constant", "raising", "equal", "labelled"}
    declared = {f.name for host in HOSTS for f in host.plugins}
    assert {wrong.name for wrong in WRONG} | set(WRONG_LABELS) == declared - right
    assert not [b for host in HOSTS for b in host.broken]


@pytest.mark.parametrize("name", ["tiny", "glide"])
def test_what_they_are_made_of_is_right(name: str) -> None:
    assert failures(name, RIGHT) == {}


@pytest.mark.parametrize("name", ["kicked", "euler", "constant", "equal"])
def test_what_is_right_in_another_way_passes(name: str) -> None:
    """Noise where it is declared, a solver of another order, a path that stands still, a width that is solved for."""
    assert failures(name, TEMPORAL) == {}


def test_a_class_conditional_game_with_two_critics_and_an_average_is_right() -> None:
    """Weights that no player trains, buffers that move in a loss, and players of one kind are allowed."""
    assert failures("labelled", LABELLED) == {}
    assert "labels[labelled+glide]" in {str(case) for case in cases("labelled", LABELLED)}
    assert not any(case.check == "labels" for case in cases("tiny", LABELLED))


def test_an_exception_is_reported_in_a_line_with_its_location() -> None:
    found = failures("raising", TEMPORAL)
    assert set(found) == {check.name for check in CHECKS} - {
        "declaration",
        "pairing",
        "labels",
        "null",
        "parameters",
        "renderer",
    }
    for text in found.values():
        assert text.startswith("it raised ValueError: no such luck (at tests/kit/wrong/networks.py, line ")
        assert text.endswith(", in forward)")


def test_instants_that_are_not_declared_must_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = (c for c in cases("parked", TEMPORAL) if c.check == "times")
    monkeypatch.setattr(Composition, "check_times", lambda self, times: None)
    with pytest.raises(Nonconformance, match="between the training frames to be refused"):
        case()


def test_a_case_names_its_check_and_its_pair() -> None:
    found = {str(case): case for case in cases("glide", RIGHT)}
    assert {"declaration[glide]", "gradients[tiny+glide:wide]", "rows[tiny+glide]"} <= set(found)
    assert "rows[tiny+glide:wide]" not in found
    case: Case = found["gradients[tiny+glide:wide]"]
    assert (case.check, case.subject) == ("gradients", "tiny+glide:wide")
    assert len(found) == len(cases("glide", RIGHT))


def test_a_check_is_a_line_and_has_a_module_of_its_name() -> None:
    for check in CHECKS:
        assert check.module == f"vidgen_bench.conformance.checks.{check.name}"
        assert len(check.asks) <= 70
        assert check.asks.count(".") == 0


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (
            "glidee",
            RequestError,
            "There is no backbone, temporal generator, launcher or metric named 'glidee'. Did you mean 'glide'?",
        ),
        (
            "pixels",
            RequestError,
            "'pixels' is an instrument; only backbones, temporal generators, launchers and metrics can",
        ),
        (
            "absent",
            PluginError,
            "'absent' cannot be used: strange 1.0 (entry point 'absent') is broken: ModuleNotFound",
        ),
    ],
)
def test_a_name_that_cannot_be_checked(name: str, error: type[RequestError], words: str) -> None:
    host = host_of("tests.kit.wrong.right", "vidgen_bench.measure.instruments.pixels", "tests.kit.wrong.absent")
    with pytest.raises(error) as raised:
        cases(name, host)
    assert words in str(raised.value)


def test_two_of_one_name_are_a_clash() -> None:
    host = host_of("tests.kit.wrong.right", "tests.kit.wrong.right")
    with pytest.raises(PluginError, match="Several plugins declare the temporal generator 'glide'"):
        cases("glide", host)


def test_a_faulty_third_party_backbone_is_not_a_fault_of_a_temporal_generator() -> None:
    found = cases("glide", BACKBONES)
    assert {"tiny+glide", "bright+glide"} <= {case.subject for case in found}
    assert not {"homeless+glide", "picky+glide", "shapeless+glide"} & {case.subject for case in found}
    for case in found:
        if case.subject == "glide":
            case()


def test_the_whole_test_file_of_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is collected as pytest collects it, and calls the cases it is parametrised with."""
    monkeypatch.setattr(Host, "of_environment", lambda: TEMPORAL)
    made = conformance_test("mirrored")
    (mark,) = made.pytestmark  # type: ignore[attr-defined]
    name, parameters = mark.args
    assert (mark.name, name, mark.kwargs) == ("parametrize", "case", {"ids": str})
    assert [str(case) for case in parameters] == [str(case) for case in cases("mirrored", TEMPORAL)]
    found = {case.check: case for case in parameters}
    made(found["shapes"])
    with pytest.raises(pytest.fail.Exception, match="expected the path to be smooth through 0") as failed:
        made(found["reversal"])
    assert not failed.value.pytrace
