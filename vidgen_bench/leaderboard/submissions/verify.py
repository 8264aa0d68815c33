"""Verifies a folder of submitted results. It reads text: no plugin is imported, and nothing in a file is executed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.escaping import one_line
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.errata import Erratum, errata_in
from vidgen_bench.leaderboard.submissions import layout
from vidgen_bench.leaderboard.submissions.attestation import Attestation, contradiction, parse_attestation
from vidgen_bench.leaderboard.submissions.board import render_board
from vidgen_bench.leaderboard.submissions.findings import Finding, fault, look
from vidgen_bench.leaderboard.submissions.origins_check import of_origins
from vidgen_bench.leaderboard.submissions.plausibility import questions
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.row_identity import row_hash
from vidgen_bench.leaderboard.submissions.scan import scan
from vidgen_bench.leaderboard.submissions.scored_again import known_wrong, not_scored_again
from vidgen_bench.leaderboard.submissions.tables_check import of_tables
from vidgen_bench.leaderboard.submissions.text_content import normalised
from vidgen_bench.leaderboard.submissions.together import together
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone, not_a_record, parse_tombstone
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson
from vidgen_bench.records.record import Record
from vidgen_bench.system.regular_files import read_file


@dataclass(frozen=True)
class Submissions:
    """The accepted files of a folder, by path, and what was found."""

    records: dict[str, Record]
    withdrawn: dict[str, Tombstone]
    attested: dict[str, Attestation]
    findings: tuple[Finding, ...]
    hashes: dict[str, str]
    """SHA-256 by path of every record, tombstone, attestation and picture; empty for a file that is refused and not read."""
    maintained: dict[str, str]
    """SHA-256 by path of the files that maintainers write: published results and ``errata.toml``."""
    errata: tuple[Erratum, ...]
    """The known errors in the folder's ``errata.toml``; those that come with vidgen-bench if it has no such file."""
    damaged: frozenset[str] = frozenset()
    """The paths of files that are too damaged to be withdrawn, or were not read; a change may remove or replace them."""

    @property
    def faults(self) -> list[Finding]:
        """The findings that must be repaired."""
        return [f for f in self.findings if f.kind == "fault"]

    def entries(self) -> list[Entry]:
        """Return the accepted records as the leaderboard takes them."""
        return [Entry(Path(path), record) for path, record in self.records.items()]

    def board(self) -> str:
        """Return the text of ``README.md``."""
        return render_board(self.entries(), self.withdrawn, self.attested, self.errata)


def read_submissions(root: Path, before: Submissions | None = None) -> Submissions:
    """Return the submitted results below a folder, checked alone and together.

    Args:
        root: the folder.
        before: the same folder before a change; of records that contradict each other, those that were there are right.
    Raises:
        RequestError: there is no such folder, or it is a symbolic link.
    """
    if root.is_symlink():
        raise RequestError(
            f"{one_line(str(root))} is a symbolic link. Expected the folder leaderboards of a checkout itself."
        )
    if not root.is_dir():
        raise RequestError(f"{root} is not a folder. Expected the folder leaderboards of a checkout.")
    found = scan(root)
    findings = list(found.faults)
    records: dict[str, Record] = {}
    withdrawn: dict[str, Tombstone] = {}
    attested: dict[str, Attestation] = {}
    damaged = {path for path, sha in found.hashes.items() if not sha}
    for path, content in found.files.items():
        name = path.rpartition("/")[2]
        try:
            if layout.TOMBSTONE.fullmatch(name):
                withdrawn[path] = parse_tombstone(content, name)
            elif layout.ATTESTATION.fullmatch(name):
                attested[path] = parse_attestation(content, name)
            else:
                records[path] = check_record(content, path)
        except (InvalidJson, Refused) as error:
            findings.append(fault(path, str(error)))
            if (match := layout.RECORD.fullmatch(name)) and not_a_record(content, root / path, int(match[1])):
                damaged.add(path)
    for path, record in records.items():
        findings += [look(path, question) for question in questions(record)]
    earlier = {path for path, sha in before.hashes.items() if found.hashes.get(path) == sha} if before else set()
    findings += _without_faults(records, together(records, withdrawn, earlier))  # a copy is not a row
    findings += _without_faults(records, of_tables(records, earlier))
    findings += of_origins(records, earlier)
    for path, attestation in list(attested.items()):
        of = path.removesuffix(".attested.json") + ".json"
        if reason := contradiction(attestation, records.get(of), found.hashes.get(of)):
            findings.append(fault(path, reason))
            del attested[path]
    errata, wrong = _errata(root)
    return Submissions(
        records, withdrawn, attested, (*findings, *wrong), found.hashes, found.maintained, errata, frozenset(damaged)
    )


def _without_faults(records: dict[str, Record], found: Iterator[Finding]) -> list[Finding]:
    """Remove the records with a fault, and return the findings."""
    findings = list(found)
    for finding in findings:
        if finding.kind == "fault":
            records.pop(finding.path, None)
    return findings


def _errata(root: Path) -> tuple[tuple[Erratum, ...], list[Finding]]:
    """Return the known errors in a folder's own file, and what is wrong with the file."""
    try:
        return errata_in(root), []
    except RequestError as error:
        return (), [fault(layout.ERRATA, f"is not accepted: {error}")]


def check_board(root: Path, found: Submissions) -> Iterator[Finding]:
    """Yield a fault if the committed ``README.md`` is not the generated one."""
    path = root / layout.README
    fix = f"Run: vidgen-bench verify {shlex.quote(str(root))} --write"
    if path.is_symlink():
        return  # the scan reports it
    try:
        committed = normalised(read_file(path)).decode()
    except FileNotFoundError:
        yield fault(layout.README, f"does not exist. {fix}")
        return
    except (VidgenBenchError, UnicodeDecodeError):
        yield fault(layout.README, f"cannot be read as text. {fix}")
        return
    if committed != found.board():
        yield fault(layout.README, f"is not what the records give. {fix}")


def check_history(before: Submissions, now: Submissions) -> Iterator[Finding]:
    """Yield what a change does to the files of an earlier state of the folder, and the new files that a person should look at."""
    yield from _of_maintained(before, now)
    for path, sha in before.hashes.items():
        name = path.rpartition("/")[2]
        what = "was removed" if path not in now.hashes else "was changed" if now.hashes[path] != sha else ""
        if layout.RECORD.fullmatch(name):
            yield from _of_record(path, sha, what, before, now)
        elif what and layout.TOMBSTONE.fullmatch(name):
            yield fault(path, f"{what}; a tombstone stays as it is")
        elif what and layout.ATTESTATION.fullmatch(name):
            yield look(path, f"{what}; maintainers add and remove attestations")
        elif what and name == layout.PREVIEW:
            yield look(path, f"{what}; look at the picture")
    for path in now.hashes:
        name = path.rpartition("/")[2]
        if path in before.hashes:
            continue
        if layout.ATTESTATION.fullmatch(name):
            yield look(path, "is new; maintainers add attestations, after repeating the record themselves")
        elif layout.TOMBSTONE.fullmatch(name):
            if path.removesuffix(".withdrawn.json") + ".json" in before.hashes:
                yield look(path, "is new; does the person who sent the record in withdraw it?")
            else:
                yield fault(path, "withdraws a record that was not there before the change; remove the file")


def _of_maintained(before: Submissions, now: Submissions) -> Iterator[Finding]:
    """Yield the files of maintainers that a change adds, changes or removes; both appear in tables."""
    for path in sorted({*before.maintained, *now.maintained}):
        if (was := before.maintained.get(path)) != (is_ := now.maintained.get(path)):
            what = "is new" if was is None else "was removed" if is_ is None else "was changed"
            yield look(path, f"{what}; maintainers write it, and results do not need it")


def _of_record(path: str, sha: str, what: str, before: Submissions, now: Submissions) -> Iterator[Finding]:
    """Yield what is wrong with the file of a record that was there before."""
    record = before.records.get(path)
    tombstone = now.withdrawn.get(layout.tombstone_name(path))
    if tombstone is not None and tombstone.record != sha:
        yield fault(layout.tombstone_name(path), f"names another content than the record {path} had")
    elif tombstone is not None and record is not None and tombstone.row != row_hash(record):
        yield fault(
            layout.tombstone_name(path), f"does not name the row of {path}; make it with: vidgen-bench withdraw"
        )
    elif tombstone is None and what and path in before.damaged:
        yield look(path, f"{what}; it was too damaged to be withdrawn. Is this the run that the damaged file was of?")
    elif tombstone is None and what == "was removed":
        yield fault(path, "was removed. Withdraw it instead: vidgen-bench withdraw FILE --reason ...")
    elif tombstone is None and what:
        yield _of_change(path, before, now)


def _of_change(path: str, before: Submissions, now: Submissions) -> Finding:
    """Return whether a record that was changed is the same checkpoint, scored again because of a known error."""
    edited = "was changed. Results are not edited; withdraw the record instead"
    folder = path.rpartition("/")[0] + "/"
    earlier, later = ({p: r for p, r in s.records.items() if p.startswith(folder)} for s in (before, now))
    if path not in later or not any(known_wrong(record, before.errata) for record in earlier.values()):
        return fault(path, edited)
    if (reason := not_scored_again(earlier, later, before.errata)) is not None:
        return fault(path, f"{edited}. Its row is not the same one, scored again: {reason}")
    return look(
        path, "was scored again: the checkpoint is the same, and an earlier score of its row is known to be wrong"
    )
