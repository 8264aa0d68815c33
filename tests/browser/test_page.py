"""The page in a real browser: silent, alone, operable by keyboard, accessible, and as wide as its window."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.kit.board_records import write_board
from tests.kit.browser import blocked, browser, logged, requested, require_browser, resize
from tests.kit.hostile_records import REST
from tests.kit.record_files import METRICS, SHORT, record, write
from vidgen_bench.leaderboard.collect import collect
from vidgen_bench.leaderboard.page.document import render_page
from vidgen_bench.leaderboard.page.model import page_of
from vidgen_bench.leaderboard.ranking import rankings

pytestmark = pytest.mark.slow

HOSTILE = "zz-hostile"
"""The name of the second track."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two tracks: a board with clips, and one whose texts are hostile."""
    folder = tmp_path_factory.mktemp("page")
    write_board(folder, size=16)
    metrics = {
        m: entry | {"title": f"{m}{REST}<script>alert(1)</script>", "caveat": REST} for m, entry in METRICS.items()
    }
    options = {"temporal.text": (f"\"'><svg onload=alert(1)>{REST}", "given")}
    write(
        folder / "runs" / "x",
        *(record("tgan+ode1", s, track=HOSTILE, declared=SHORT, metrics=metrics, options=options) for s in range(5)),
    )
    found = collect([folder / "runs"], index=folder / "index.sqlite")
    (folder / "board.html").write_text(render_page(page_of(rankings(found.entries, extra=False), found)))
    return folder / "board.html"


@pytest.fixture(scope="module")
def driver(page: Path) -> Iterator[Any]:
    require_browser()
    with browser(page.parent) as made:
        yield made


@pytest.fixture
def opened(driver: Any, page: Path) -> Any:
    """The page, opened anew in a window of 1280 x 800."""
    resize(driver, 1280)
    driver.get("about:blank")
    logged(driver), requested(driver)
    driver.get(page.as_uri())
    return driver


def find(driver: Any, selector: str) -> list[Any]:
    return driver.find_elements("css selector", f".track:not([hidden]) {selector}")


def specs(driver: Any) -> list[str]:
    return [cell.text.split("\n")[0] for cell in find(driver, ".rows > tr:not([hidden]) th.spec")]


def until(true: Callable[[], bool]) -> None:
    """Wait for something that a page does by itself."""
    last = time.monotonic() + 10
    while not true():
        assert time.monotonic() < last
        time.sleep(0.05)


def test_the_page_is_alone_and_silent(opened: Any, page: Path) -> None:
    find(opened, ".film button")[0].click()
    for button in find(opened, "thead button"):
        button.click()
    for link in opened.find_elements("css selector", ".tabs a"):
        link.click()
    assert logged(opened) == []
    assert {url for url in requested(opened) if not url.startswith("data:")} == {page.as_uri()}


def test_the_policy_holds(opened: Any) -> None:
    ran = opened.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);"
        "const i = document.createElement('div'); i.innerHTML = '<p style=\"color: red\" onclick=\"window.ran = 2\">x</p>';"
        "document.body.append(i); i.firstChild.click(); new Image().src = 'http://127.0.0.1:9/x.png';"
        "return [window.ran ?? null, getComputedStyle(i.firstChild).color === 'rgb(255, 0, 0)'];"
    )
    assert ran == [None, False]
    assert blocked(opened) == {"csp"}
    assert len([line for line in logged(opened) if "Content Security Policy" in line]) >= 3


def test_sorting_filtering_and_the_state_in_the_address(opened: Any, page: Path) -> None:
    before = specs(opened)
    assert before[0] == "tgan+ode2"
    hours = find(opened, "th[data-sort=hours]")[0]
    hours.find_element("css selector", "button").click()
    assert hours.get_attribute("aria-sort") == "ascending"
    assert specs(opened)[-1] == "clips"  # a row without the value comes last, in both directions
    ascending = specs(opened)[:-1]
    hours.find_element("css selector", "button").click()
    assert hours.get_attribute("aria-sort") == "descending"
    assert specs(opened) == [*reversed(ascending), "clips"]
    find(opened, ".filter")[0].send_keys("mocogan ode1")
    assert specs(opened) == ["mocogan+ode1:equal"]
    assert find(opened, ".shown")[0].text == "1 of 12 rows"
    address = opened.current_url
    assert "sort=hours" in address
    opened.get("about:blank")
    opened.get(address)
    assert specs(opened) == ["mocogan+ode1:equal"]
    find(opened, ".filter")[0].clear()
    find(opened, ".filter")[0].send_keys(" ")
    find(opened, "th[data-sort=hours] button")[0].click()
    assert specs(opened) == before


def test_the_first_click_on_a_metric_shows_its_best_row_first(opened: Any) -> None:
    for metric, direction in ("m0", "descending"), ("m1", "ascending"):  # IS, FID
        head = find(opened, f"th[data-sort={metric}]")[0]
        head.find_element("css selector", "button").click()
        assert head.get_attribute("aria-sort") == direction
        assert specs(opened)[0] == "tgan+ode2"


def test_the_first_screen_has_everything_up_to_how_to_read_it(opened: Any) -> None:
    assert opened.execute_script("return document.querySelector('.reading').getBoundingClientRect().bottom;") <= 800
    assert len(specs(opened)) == 12


def test_any_address_shows_one_track(opened: Any, page: Path) -> None:
    first = opened.find_element("css selector", ".tabs a").text
    for address, track in (
        ("t=length&sort=constructor&dir=x&near=2&q=%E0%A4%A", first),
        ("t=7", first),
        ("p1-0", HOSTILE),
        ("t=" + HOSTILE + "&sort=%22%5D", HOSTILE),
        ("__proto__", first),
        ("q=" + "x%20" * 50_000, first),
    ):
        opened.execute_async_script(
            "const done = arguments[1]; addEventListener('hashchange', () => setTimeout(done), {once: true});"
            "location.hash = arguments[0];",
            address,
        )
        assert [part.get_attribute("aria-label") for part in find(opened, "")] == [track]
        assert len(find(opened, ".provenance details[open]")) == (track == HOSTILE)
    assert logged(opened) == []


def test_tabs_show_one_track_at_a_time(opened: Any) -> None:
    assert len(opened.find_elements("css selector", ".track:not([hidden])")) == 1
    first, second = opened.find_elements("css selector", ".tabs a")
    assert (first.get_attribute("aria-current"), second.text) == ("true", HOSTILE)
    second.click()
    assert second.get_attribute("aria-current") == "true"
    assert f"t={HOSTILE}" in opened.current_url  # the name: on the next page, the number may be that of another track
    assert len(opened.find_elements("css selector", ".verdict:not([hidden])")) == 1


def test_a_download_has_the_rows_that_are_shown(opened: Any, page: Path) -> None:
    find(opened, ".filter")[0].send_keys("sde")
    find(opened, ".download")[0].click()
    file = page.parent / "leaderboard.csv"
    until(file.is_file)
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert {row["spec"] for row in rows} == {"tgan+sde", "mocogan+sde"}
    assert {row["metric"] for row in rows} == {"is", "fid"}
    assert all(float(row["mean"]) for row in rows)


def test_clips_play_on_request_and_pause(opened: Any) -> None:
    def place() -> str:
        return find(opened, ".screen img")[0].value_of_css_property("transform")

    before = place()
    assert find(opened, ".anchor .film")  # real clips; the floors have none
    assert len(find(opened, ".anchor .film")) == 1
    button = find(opened, ".screen button")[0]
    button.click()
    until(lambda: place() not in (before, "none"))
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    stopped = place()
    time.sleep(0.3)
    assert place() == stopped
    opened.execute_script(
        "const s = document.querySelector('.film input'); s.value = 5; s.dispatchEvent(new Event('input'));"
    )
    assert place().endswith("-320)")
    assert [o.text for o in find(opened, ".film select option")] == ["1x", "4x", "rewound"]


def test_nothing_moves_for_somebody_who_wants_less_motion(opened: Any) -> None:
    resize(opened, 1280, still=True)
    image = find(opened, ".screen img")[0]
    find(opened, ".screen button")[0].click()
    time.sleep(0.4)
    assert image.value_of_css_property("transform") == "none"
    assert find(opened, ".film input")  # the frames can be gone through by hand


def test_the_keyboard_reaches_everything(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    seen = []
    for _ in range(14):
        opened.switch_to.active_element.send_keys(Keys.TAB)
        element = opened.switch_to.active_element
        seen.append((element.tag_name, element.accessible_name))
        if element.accessible_name.startswith("device-"):
            element.send_keys(Keys.ENTER)
    names = [name for _, name in seen]
    assert [tag for tag, _ in seen][:2] == ["a", "a"]
    assert names[2].startswith("Filter")
    assert {"Close-up of the best rows", "Download CSV", "rank", "spec"} <= set(names)
    assert find(opened, "th[data-sort=hours]")[0].get_attribute("aria-sort") == "ascending"


def test_a_row_leads_to_where_it_comes_from(opened: Any) -> None:
    find(opened, ".spec a")[0].click()
    assert opened.switch_to.active_element.tag_name == "summary"
    assert find(opened, ".provenance details[open]")


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_scrolls_sideways(opened: Any, width: int) -> None:
    for link in opened.find_elements("css selector", ".tabs a"):
        resize(opened, 1280)
        link.click()
        resize(opened, width)
        opened.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; });")
        wide = opened.execute_script("return [document.documentElement.scrollWidth, innerWidth];")
        assert wide[0] <= wide[1]
        assert opened.execute_script(CLIPPED) == []


CLIPPED = """return [...document.querySelectorAll(".track:not([hidden]) .board thead button")].filter((button) => {
  button.scrollIntoView({block: "center"});
  const at = button.getBoundingClientRect();
  return !button.contains(document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2));
}).map((button) => button.textContent);"""
"""The buttons in the headings that nobody sees or can click."""


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(opened: Any, dark: bool) -> None:
    resize(opened, 1280, dark=dark)
    find(opened, ".film button")[0].click()
    opened.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text())
    only: dict[str, Any] = {"resultTypes": ["violations"], "elementRef": False}
    where: Any = {"exclude": [[".numbered"], [".traces"]]}  # hundreds of equal cells take seconds
    if dark:  # what depends on the colours, where each of them occurs
        only["runOnly"] = ["color-contrast"]
        where = [
            "header",
            ".tabs",
            ".fixed",
            ".under",
            ".board thead",
            ".board .rows tr:first-child",
            ".beside",
            ".resolution",
        ]
        where += [
            ".reading",
            ".published tr:first-child",
            "figcaption",
            ".matrix .win:last-child",
            ".grid",
            ".cost",
            "summary",
        ]
    found = opened.execute_async_script(
        "const done = arguments[2]; axe.run(arguments[1], arguments[0]).then((r) => done(r.violations.map((v) => "
        "[v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary])));",
        only,
        where,
    )
    assert [v for v in found if v[0] in ("serious", "critical")] == []


def test_without_its_script_the_table_is_complete(opened: Any, page: Path) -> None:
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.get(page.as_uri())
        assert len(opened.find_elements("css selector", ".board .strip")) > 20
        assert all(part.is_displayed() for part in opened.find_elements("css selector", ".track, .verdict"))
        assert not any(part.is_displayed() for part in opened.find_elements("css selector", ".tools"))
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_hostile_texts_stay_texts(opened: Any) -> None:
    opened.find_elements("css selector", ".tabs a")[1].click()
    assert "<script>alert(1)</script>" in opened.find_element("css selector", "main").text
    assert len(opened.find_elements("css selector", "script")) == 1
    assert (
        opened.find_elements(
            "css selector", "[onload], [onerror], img:not([src^='data:image/webp']), a:not([href^='#'])"
        )
        == []
    )
    assert logged(opened) == []
