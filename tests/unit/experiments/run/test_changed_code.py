"""What counts as changed code of a run, what the refusal says, and where a run that starts over is kept."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.kit.run_folders import plan_of
from vidgen_bench.errors import BusyError, DamagedError, RequestError
from vidgen_bench.experiments.run.changed_code import ChangedCodeError, changed, put_aside, require_same_code
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.plan import Plan, WhereChanged
from vidgen_bench.records.folder_name import is_put_aside, put_aside_name

BEGUN = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
ODE, OTHER = "vidgen_temporal.ode", "0123456789abcdef"


@pytest.fixture(scope="module")
def composed() -> Plan:
    return plan_of("tgan+ode1")


@pytest.fixture
def plan(composed: Plan, tmp_path: Path) -> Plan:
    return dataclasses.replace(composed, request=dataclasses.replace(composed.request, runs=tmp_path / "runs"))


def told(plan: Plan, where_changed: WhereChanged) -> Plan:
    return dataclasses.replace(plan, request=dataclasses.replace(plan.request, where_changed=where_changed))


def begin(plan: Plan, seed: int = 0, **code: str) -> RunFolder:
    """Write the folder of a run that began with other hashes of these packages."""
    folder = plan.folder(seed)
    folder.path.mkdir(parents=True)
    request = {**plan.identity(seed, "data"), "environment": plan.environment("cpu", 1, 1)}
    folder.claim(request, {"code": {**plan.code.packages, **code}, "begun": BEGUN.isoformat()})
    return folder


def rewrite(folder: RunFolder, **changes: Any) -> None:
    table = json.loads((folder.path / "request.json").read_text())
    (folder.path / "request.json").write_text(
        json.dumps({k: v for k, v in {**table, **changes}.items() if v is not None})
    )


def test_the_same_code_and_a_new_run_have_not_changed(plan: Plan) -> None:
    assert changed(plan, 0) is None
    begin(plan)
    assert changed(plan, 0) is None
    require_same_code([(plan, 0)])


def test_a_run_of_before_the_code_was_kept_has_not_changed(plan: Plan) -> None:
    rewrite(begin(plan), code=None, begun=None)
    assert changed(plan, 0) is None
    assert abs(plan.folder(0).begun() - datetime.now(UTC)) < timedelta(minutes=5)


def test_another_hash_is_a_change_and_the_message_says_what_and_since_when(plan: Plan) -> None:
    begin(plan, **{ODE: OTHER})
    with pytest.raises(ChangedCodeError) as refused:
        require_same_code([(plan, 0)])
    text = str(refused.value)
    assert refused.value.exit_code == 2
    assert (
        f"The unfinished run in {plan.folder(0).path} began at 2026-11-30 09:15:00 UTC, and its code has changed since:"
        in text
    )
    assert f"{ODE} (temporal generator ode1 of vidgen-bench 0.1.0) has changed: " in text
    assert "--again starts over and keeps the earlier folder as seed-0.2026-11-30T0915." in text
    assert "--accept-changed-code goes on with the code of now" in text


def test_a_file_that_is_newer_than_the_run_is_named_with_its_time(plan: Plan) -> None:
    begin(plan, **{ODE: OTHER})
    sources = plan.code.sources[ODE]
    for modified, words in (
        (BEGUN + timedelta(hours=1), f"{sources.newest} was modified at 2026-11-30 10:15:00 UTC"),
        (BEGUN - timedelta(hours=1), f"its newest file is {sources.newest}"),
    ):
        code = dataclasses.replace(plan.code, sources={**plan.code.sources, ODE: sources._replace(modified=modified)})
        change = changed(dataclasses.replace(plan, code=code), 0)
        assert change is not None
        assert change.packages[ODE].endswith(words)


def test_a_package_that_no_longer_takes_part_is_a_change(plan: Plan) -> None:
    begin(plan, vidgen_drift=OTHER)
    change = changed(plan, 0)
    assert change is not None
    assert change.packages == {"vidgen_drift": "vidgen_drift took part and no longer does"}


def test_several_runs_are_refused_in_one_message_before_any_runs(plan: Plan) -> None:
    for seed in range(7):
        begin(plan, seed, **({ODE: OTHER} if seed else {}))
    with pytest.raises(ChangedCodeError) as refused:
        require_same_code((plan, seed) for seed in range(8))
    text = str(refused.value)
    assert text.startswith("The code of 6 runs has changed since they began: ")
    assert text.count("seed-") == 5 + 1  # five are listed, and one name of an earlier folder
    assert " and 1 more." in text
    assert text.count(ODE) == 1


@pytest.mark.parametrize("where_changed", ["start over", "accept"])
def test_a_request_that_says_what_to_do_is_not_refused(plan: Plan, where_changed: WhereChanged) -> None:
    begin(plan, **{ODE: OTHER})
    require_same_code([(told(plan, where_changed), 0)])
    assert changed(told(plan, where_changed), 0) is not None


def test_a_folder_of_another_run_or_a_damaged_one_is_left_to_its_turn(plan: Plan) -> None:
    rewrite(begin(plan, 0, **{ODE: OTHER}), spec="tgan+ode2")
    rewrite(begin(plan, 1, **{ODE: OTHER}), code="nonsense")
    require_same_code([(plan, 0), (plan, 1)])
    with pytest.raises(RequestError, match="belongs to another run: its spec is"):
        changed(plan, 0)
    with pytest.raises(DamagedError, match=r"is damaged:\n.*code"):
        changed(plan, 1)


def test_an_option_that_the_new_code_adds_is_part_of_the_change(plan: Plan) -> None:
    folder = begin(plan, **{ODE: OTHER})
    table = folder.request()
    assert table is not None
    options = {name: value for name, value in table["options"].items() if name != "temporal.hidden"}
    rewrite(folder, options=options)
    assert changed(plan, 0) is not None
    assert put_aside(plan, 0) is not None
    rewrite(begin(plan), options=options)  # without a change of the code, it is another run's folder
    with pytest.raises(RequestError, match=r"in its options, temporal[.]hidden is missing"):
        changed(plan, 0)


def test_a_folder_is_put_aside_under_its_date_and_a_second_one_beside_it(plan: Plan) -> None:
    for name in ("seed-0.2026-11-30T0915", "seed-0.2026-11-30T0915-2"):
        (begin(plan, **{ODE: OTHER}).path / "last.pt").write_bytes(b"weights")
        target = put_aside(plan, 0)
        assert target is not None
        assert target == plan.folder(0).path.with_name(name)
        assert is_put_aside(target.name)
        assert not plan.folder(0).path.exists()
        assert sorted(path.name for path in target.iterdir()) == ["last.pt", "request.json"]


def test_a_folder_that_another_process_started_over_or_has_is_not_put_aside(plan: Plan) -> None:
    begin(plan)
    assert put_aside(plan, 0) is None
    rewrite(plan.folder(0), code={**plan.code.packages, ODE: OTHER})
    with plan.folder(0).locked(), pytest.raises(BusyError):
        put_aside(plan, 0)
    assert plan.folder(0).path.exists()


def test_an_accepted_change_rewrites_the_code_and_its_versions_and_nothing_else(plan: Plan) -> None:
    folder = begin(plan, **{ODE: OTHER})
    before = folder.request()
    assert before is not None
    older = {**before["environment"], "vidgen-bench": "0.0.9"}
    rewrite(folder, environment=older)
    request = {**plan.identity(0, "data"), "environment": plan.environment("cpu", 1, 1)}
    with pytest.raises(RequestError, match="in its environment, "):
        folder.claim(request)
    folder.accept(request, plan.code.packages)
    assert folder.request() == {**before, "code": plan.code.packages}
    with pytest.raises(RequestError, match="in its environment, "):
        folder.accept({**request, "environment": {**request["environment"], "torch": "9.9"}}, plan.code.packages)


@pytest.mark.parametrize("name", ["seed-0", "seed-10", "seed-0.old", "ode1.2026-11-30T0915", ".seed-0.2026-11-30T0915"])
def test_other_names_are_those_of_runs(name: str) -> None:
    assert not is_put_aside(name)


def test_the_name_has_the_time_in_utc() -> None:
    east = BEGUN.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo)
    assert put_aside_name("seed-3", east) == "seed-3.2026-11-30T0915"
    assert put_aside_name("seed-3", east, 2) == "seed-3.2026-11-30T0915-2"
