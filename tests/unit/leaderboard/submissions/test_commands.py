"""The command that runs missing seeds repeats what makes a derived track."""

from __future__ import annotations

from tests.kit.record_files import record
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import load_track
from vidgen_bench.leaderboard.submissions.commands import completing_command


def test_budget_and_precision_of_a_derived_track_are_options() -> None:
    track = load_track("shapes-64").derived(Budget(iterations=5), "bf16")
    made = record("tgan+ode1", track=track.name, declared=track.declared)
    assert completing_command(made, [3, 4]) == (
        "vidgen-bench run tgan+ode1 --track shapes-64 --budget iterations=5 --precision bf16 --seeds 3,4"
    )
