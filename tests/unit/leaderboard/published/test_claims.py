"""``paper claims``: the four figures of the facts, and that nothing is concluded about methods."""

from __future__ import annotations

import pytest

from vidgen_bench.leaderboard.published import claims_text
from vidgen_bench.leaderboard.published.claims import load_claims, supports

CLAIMS = load_claims()
FOUND = supports(CLAIMS)


def test_between_two_checkpoints() -> None:
    inception, frechet = FOUND[0].checkpoints, FOUND[1].checkpoints
    assert inception is not None
    assert frechet is not None
    assert (inception.difference, inception.p) == pytest.approx((0.14, 0.26), abs=0.005)
    assert frechet.difference == pytest.approx(166)  # lower is better: the original is ahead
    assert frechet.p == pytest.approx(5e-11, rel=0.05)


def test_between_methods() -> None:
    runs = FOUND[0].runs
    assert runs is not None
    assert runs.runs == 4
    assert runs.sd == pytest.approx(0.295, abs=0.001)
    assert runs.p == pytest.approx(0.74, abs=0.005)
    assert runs.seeds == 71
    assert FOUND[1].runs is None  # no repeated runs with a Fréchet distance
    assert all(s.runs is None for s in FOUND if s.claim.first.startswith("MoCoGAN"))


def test_numbers_of_another_paper_are_not_tested() -> None:
    quoted = FOUND[-1]
    assert quoted.second.system == "TGANv2 original"
    assert quoted.checkpoints is None
    assert "what ± means for the second value is not stated" in " ".join(
        claims_text.render_text(CLAIMS, FOUND, 80).split()
    )


def test_the_text_states_them() -> None:
    text = " ".join(claims_text.render_text(CLAIMS, FOUND, 80).split())
    for words in (
        "Welch p = 0.26: these two checkpoints are not separated",
        "Welch p = 5.1e-11: the checkpoint of TGAN original is better",
        "p would be about 0.74; with the uncertainty of a standard deviation from 4 runs, about 0.76",
        "About 71 seeds per method",
        "each build the other model",
    ):
        assert words in text
    assert text.count("not testable: one seed each") == len(FOUND)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_the_terminal(width: int) -> None:
    assert max(map(len, claims_text.render_text(CLAIMS, FOUND, width).splitlines())) <= width
