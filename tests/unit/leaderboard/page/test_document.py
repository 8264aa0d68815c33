"""The page: alone, escaped, the same for the same records, and small."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from pathlib import Path

from PIL import Image

from tests.kit.board_records import board_records, moving_pictures
from tests.kit.record_files import METRICS, record, write
from tests.kit.safe_text import check_html
from tests.kit.submitted_results import attest, seeds_of, submitted
from vidgen_bench.errors import RecordError
from vidgen_bench.leaderboard.collect import Collected, Entry, collect
from vidgen_bench.leaderboard.page.document import render_page
from vidgen_bench.leaderboard.page.model import PageView, page_of
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.render.headline import headline
from vidgen_bench.leaderboard.render.verdicts_text import resolution_line


def page_view(collected: Collected) -> PageView:
    return page_of(rankings(collected.entries, extra=False), collected)


def board() -> Collected:
    return Collected(tuple(Entry(Path(f"runs/{r.spec}/{r.seed}/record.json"), r) for r in board_records()), ())


def test_the_page_says_what_the_tables_say() -> None:
    collected = board()
    (ranking,) = rankings(collected.entries, extra=False)
    text = render_page(page_view(collected))
    plain = html.unescape(text.replace("&#160;%", " %"))
    check_html(text)
    for sentence in (
        *headline(ranking),
        resolution_line(ranking),
        *(e for line in ranking.published for e in line.errors),
    ):
        assert sentence in plain
    for row in ranking.rows:
        assert f'scope="row" class="spec" data-k="{row.spec}"' in text
        assert row.place(ranking.select) in text
    for word in (
        "Published, under their own protocols",
        "real (ceiling)",
        "noise (floor)",
        "1 of 5 diverged",
        "seeds 3,4 missing",
        "± is the population standard deviation over ten batches",
        ranking.record.data.fingerprint,
        ranking.record.track.fingerprint,
    ):
        assert word in plain
    assert text == render_page(page_view(collected))


def test_kinds_of_models_are_apart_and_named() -> None:
    classes = seeds_of("dvd-gan+convgru", model={"conditional": True, "reconstruction": True})
    entries = tuple(Entry(Path(f"{i}/record.json"), r) for i, r in enumerate([*seeds_of("tgan+ode1"), *classes]))
    tracks = page_view(Collected(entries, ())).tracks
    assert {track.name for track in tracks} == {"test-64, unconditional", "test-64, class-conditional"}
    assert {row.remarks for track in tracks for row in track.rows} == {(), ("reconstruction",)}


def test_a_bar_has_the_places_of_its_family() -> None:
    found = rankings(board().entries, "backbone", extra=False)
    (track,) = page_of(found, board()).tracks
    places = {row.spec: row.bar.count("H7") for row in track.rows if row.spec in ("tgan+ode2", "mocogan")}
    assert places == {"tgan+ode2": 1, "mocogan": 0}


def test_no_two_tables_have_the_same_name() -> None:
    fvd = METRICS | {"fvd": METRICS["fid"] | {"title": "FVD"}}
    more = [record("tgan+sde", s, metrics=fvd, scores={"is": [3.0], "fid": [300.0], "fvd": [900.0]}) for s in range(5)]
    other = record().data.model_copy(update={"fingerprint": "v1:fedcba9876543210"})
    found = [*seeds_of("tgan+ode1"), *more, *(r.model_copy(update={"data": other}) for r in seeds_of("tgan+ode2"))]
    entries = tuple(Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(found))
    assert sorted(track.name for track in page_view(Collected(entries, ())).tracks) == [
        "test-64 · fid, fvd, is",
        "test-64 · fid, is · data v1:0123456789abcdef",
        "test-64 · fid, is · data v1:fedcba9876543210",
    ]


def test_a_clip_is_whole_in_the_page(tmp_path: Path) -> None:
    write(tmp_path / "runs", *(record(seed=s) for s in range(5)))
    moving_pictures(tmp_path / "runs" / "00-tgan+ode1-0" / "samples.gif", size=16)
    text = render_page(page_view(collect([tmp_path / "runs"], index=tmp_path / "index")))
    generated, real = re.findall(r'src="data:image/webp;base64,([^"]*)" width="192" height="1024"', text)
    for sheet in (generated, real):
        with Image.open(io.BytesIO(base64.b64decode(sheet, validate=True)), formats=["WEBP"]) as opened:
            opened.load()


def test_the_policy_names_the_style_and_the_script_by_their_hashes() -> None:
    text = render_page(page_view(board()))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    (style,), (script,) = (re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("style", "script"))
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    assert html.unescape(policy) == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    assert "://" not in text.replace(policy, "")


def test_a_page_without_records() -> None:
    text = render_page(page_view(Collected((), (RecordError("a\x1b<b>"), *[RecordError("c")] * 999))))
    assert (text.count("<li>"), "950 more" in text) == (50, True)
    assert "No records. Create one with: vidgen-bench run tgan+ode2" in text
    assert "a\\x1b&lt;b&gt;" in text


def test_long_texts_are_cut() -> None:
    long = "x" * 2_000_000
    metrics = {m: e | {"title": long, "caveat": long} for m, e in METRICS.items()}
    made = [record("tgan+ode1", s, metrics=metrics, options={"temporal.text": (long, "given")}) for s in range(5)]
    made += [record(f"tgan+{long}", s, metrics=metrics) for s in range(5)]
    entries = tuple(Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate(made))
    view = page_view(Collected(entries, ()))
    assert len(render_page(view)) < 600_000
    assert max(map(len, view.tracks[0].headline)) < 1_000  # the verdict is on the first screen


def test_a_trace_is_read_from_the_file_and_a_changed_file_has_none(tmp_path: Path) -> None:
    files = write(tmp_path / "runs", *(record(seed=s) for s in range(5)))
    found = collect([tmp_path / "runs"], index=tmp_path / "index")
    assert len(page_view(found).tracks[0].traces) == 1
    for file in files:
        file.write_text('{"trace": [{"iteration": "<"}]}')
    assert page_view(found).tracks[0].traces == ()


def test_a_badge_is_that_of_the_least_checked_seed(tmp_path: Path) -> None:
    def badges(*folders: Path) -> dict[str, str]:
        found = collect(folders, [tmp_path / "leaderboards"], index=tmp_path / "index")
        return {row.spec: row.badge for row in page_view(found).tracks[0].rows}

    sent = submitted(tmp_path / "leaderboards", *seeds_of("tgan+ode1"))
    write(tmp_path / "a-runs", record("tgan", 0), *seeds_of("tgan+ode1"))  # copies of what was sent in
    assert badges(tmp_path / "a-runs") == {"tgan+ode1": "self-reported", "tgan": "local"}
    for path in sent:
        attest(path)
    assert badges() == {"tgan+ode1": "re-run"}
    attest(sent[3], record="0" * 64)  # of another file
    assert badges() == {"tgan+ode1": "self-reported"}
