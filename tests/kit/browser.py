"""A headless Chromium of Debian, with what it logs and requests; the tests that need it are skipped where there is none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def require_browser() -> None:
    """Skip the test where a browser is missing; fail where VIDGEN_BENCH_REQUIRE_BROWSER says that one is there."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if not missing:
        return
    reason = f"{' and '.join(missing)} not found; on Debian: apt-get install chromium chromium-driver"
    if os.environ.get("VIDGEN_BENCH_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def browser(folder: Path) -> Iterator[Any]:
    """Yield a driver with an empty profile below a folder, which also gets its downloads."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        yield driver
    finally:
        driver.quit()


def requested(driver: Any) -> set[str]:
    """Return the addresses that were requested since the last call."""
    return {event["request"]["url"] for event in _events(driver, "Network.requestWillBeSent")}


def blocked(driver: Any) -> set[str]:
    """Return the reasons why requests since the last call failed; an address nobody answers has the reason "failed"."""
    return {event.get("blockedReason", "failed") for event in _events(driver, "Network.loadingFailed")}


def _events(driver: Any, kind: str) -> list[dict[str, Any]]:
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [message["params"] for message in messages if message["method"] == kind]


def logged(driver: Any) -> list[str]:
    """Return what the console got since the last call."""
    return [entry["message"] for entry in driver.get_log("browser")]


def resize(driver: Any, width: int, height: int = 800, *, dark: bool = False, still: bool = False) -> None:
    """Show a page in this size, in light or dark, and as for somebody who wants less motion."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
    features = [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
        {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
    ]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
