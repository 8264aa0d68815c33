"""Checks the files of published results, which maintainers write: size and content, so that no table fails on them."""

from __future__ import annotations

import tomllib
from pathlib import PurePosixPath

from vidgen_bench.config.toml import Strict, parse_toml
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.published.claims import Claims
from vidgen_bench.leaderboard.published.sources import Source
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson, parse

_TABLES: dict[str, type[Strict]] = {"published": Source, "published/claims": Claims}
"""What the TOML files of a folder have; those of other folders are read by nobody yet."""


def fault_of_published(path: PurePosixPath, content: bytes) -> str | None:
    """Return what is wrong with a file of published results, or None; the text is not yet safe to print.

    Args:
        path: its path below the folder of submitted results.
        content: the bytes of the file.
    """
    try:
        if path.suffix == ".json":
            parse(content)
        elif (model := _TABLES.get(str(path.parent))) is not None:
            parse_toml(content, model, "file")
        else:
            tomllib.loads(content.decode())
    except InvalidJson as error:
        return str(error)
    except RequestError as error:
        return f"is not accepted: {error}"
    except (ValueError, RecursionError) as error:
        return f"is not valid TOML: {error}"
    return None
