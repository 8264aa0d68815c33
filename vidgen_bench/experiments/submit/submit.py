"""Submits finished runs: each spec becomes one folder below ``leaderboards``, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.submit.candidates import Candidate, candidate
from vidgen_bench.experiments.submit.complete import complete
from vidgen_bench.experiments.submit.preview import preview
from vidgen_bench.leaderboard.errata import errata_in
from vidgen_bench.leaderboard.submissions.layout import (
    ATTESTATION,
    PREVIEW,
    attestation_name,
    record_place,
    spec_folder,
)
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.scored_again import not_scored_again
from vidgen_bench.leaderboard.submissions.text_content import normalised
from vidgen_bench.leaderboard.submissions.withdrawn import read_withdrawn
from vidgen_bench.records.folder_name import is_put_aside
from vidgen_bench.records.record import RECORD_FILE
from vidgen_bench.system.files import disk_errors, umask, write_bytes
from vidgen_bench.system.regular_files import read_file


@dataclass(frozen=True)
class Submitted:
    """The folder of one spec, its files, and what it had before."""

    spec: str
    folder: Path
    files: tuple[str, ...]
    already: bool
    """Whether the folder had exactly these records before."""
    replaced: bool = False
    """Whether the folder had the same checkpoints with scores that are known to be wrong."""


def submit(runs: Sequence[Path], target: Path) -> list[Submitted]:
    """Check finished runs and write their records below ``target``; nothing is written unless every run is accepted.

    Raises:
        RequestError: a run is not accepted, declared seeds are missing, or ``target`` has a tombstone of one of the seeds, or another
            result of the same spec, unless the runs are the same checkpoints, scored again because of a known error.
        RecordError: a record does not belong to its run folder.
    """
    specs = complete([candidate(run) for run in _distinct(runs)])
    contents = [_contents(group) for group in specs]
    folders = [target / spec_folder(group[0].record) for group in specs]
    states = [_state(folder, files, target) for folder, files in zip(folders, contents, strict=True)]
    _refuse_withdrawn(specs, target)
    with disk_errors(target):
        target.mkdir(parents=True, exist_ok=True)
    with _staging(target) as stage:
        for i, files in enumerate(contents):
            for name, content in files.items():
                write_bytes(stage / str(i) / name, content)
        for i, folder in enumerate(folders):
            with disk_errors(folder):
                if states[i] == "replaced":
                    _replace(stage / str(i), folder)
                elif states[i] == "new":
                    folder.parent.mkdir(exist_ok=True)
                    (folder / PREVIEW).unlink(missing_ok=True)
                    os.chmod(stage / str(i), 0o777 & ~umask())
                    os.replace(stage / str(i), folder)
    return [
        Submitted(group[0].record.spec, folder, tuple(files), state == "already", state == "replaced")
        for group, folder, files, state in zip(specs, folders, contents, states, strict=True)
    ]


def split_put_aside(runs: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the runs to submit, and those that were started over since, which a pattern such as ``seed-*`` finds too."""
    aside = [run for run in runs if is_put_aside((run.parent if run.name == RECORD_FILE else run).name)]
    return [run for run in runs if run not in aside], aside


def _distinct(runs: Sequence[Path]) -> list[Path]:
    return list({run.resolve(): run for run in runs}.values())


def _contents(group: Sequence[Candidate]) -> dict[str, bytes]:
    """Return the content of every file of a spec's folder, by name."""
    files = {record_place(c.record).name: c.content for c in group}
    if picture := preview(group[0].folder / "samples.png"):
        files[PREVIEW] = picture
    return files


def _state(folder: Path, files: Mapping[str, bytes], target: Path) -> Literal["new", "already", "replaced"]:
    """Return whether a spec's folder is new, has exactly these records, or has them with scores that are known to be wrong.

    Raises:
        RequestError: the folder has other files, such as another result or a withdrawn one.
    """
    if not folder.exists() and not folder.is_symlink():
        return "new"
    records = {name: content for name, content in files.items() if name != PREVIEW}
    try:
        inside = list(folder.iterdir())
        found = {p.name: normalised(read_file(p)) for p in inside if not p.is_dir() and not _beside(p.name)}
    except OSError as error:
        raise RequestError(
            f"{folder} cannot be read: {error.strerror or error}. Expected a folder of results."
        ) from None
    if not folder.is_symlink() and {p.name for p in inside} <= {PREVIEW}:  # a picture alone belongs to no result
        return "new"
    if found == records:
        return "already"
    if (reason := _not_again(folder.relative_to(target).as_posix(), found, records, target)) is None:
        return "replaced"
    raise RequestError(
        f"{folder} has another result of this spec, or a withdrawn one. A result is replaced only by new scores of the same "
        f"checkpoints, if an entry of errata.toml covers the earlier ones: {reason}. A withdrawn seed is not sent in again."
    )


def _not_again(folder: str, found: Mapping[str, bytes], records: Mapping[str, bytes], target: Path) -> str | None:
    """Return why records are not those that a folder has, scored again because of a known error; None if they are."""
    try:
        before, now = (
            {name: check_record(content, f"{folder}/{name}") for name, content in files.items()}
            for files in (found, records)
        )
    except Refused:
        return "it has files that are not accepted; see `vidgen-bench verify`"
    return not_scored_again(before, now, errata_in(target))


def _replace(stage: Path, folder: Path) -> None:
    """Replace the records of a folder one by one, and remove their attestations; after a kill, the same command finishes it."""
    for file in sorted(stage.iterdir()):
        (folder / attestation_name(file.name)).unlink(missing_ok=True)
        os.replace(file, folder / file.name)


def _refuse_withdrawn(specs: Sequence[Sequence[Candidate]], target: Path) -> None:
    """Refuse a seed that was withdrawn, also from a folder with another name, such as that of an option set to its default.

    Raises:
        RequestError: a seed of a row was withdrawn.
    """
    withdrawn = read_withdrawn(target)
    for one in (c for group in specs for c in group):
        if reason := withdrawn.reason(one.record, str(spec_folder(one.record))):
            raise RequestError(f"{one.folder}: {reason}.")


def _beside(name: str) -> bool:
    """Return whether a file belongs to a result but is not a record: its picture, or the note of a repetition."""
    return name == PREVIEW or ATTESTATION.fullmatch(name) is not None


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """Yield a hidden folder inside ``target``, which is removed at the end."""
    with disk_errors(target):
        stage = Path(tempfile.mkdtemp(prefix=".submit.", dir=target))
    try:
        yield stage
    finally:
        with suppress(OSError):
            shutil.rmtree(stage)
