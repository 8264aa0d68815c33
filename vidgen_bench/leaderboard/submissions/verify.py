"""Verifies a folder of submitted results. It reads text: no plugin is imported, and nothing in a file is executed."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.submissions import layout
from vidgen_bench.leaderboard.submissions.attestation import Attestation, contradiction, parse_attestation
from vidgen_bench.leaderboard.submissions.board import render_board
from vidgen_bench.leaderboard.submissions.findings import Finding, fault, look
from vidgen_bench.leaderboard.submissions.plausibility import questions
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.scan import scan
from vidgen_bench.leaderboard.submissions.together import together
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone, parse_tombstone
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson
from vidgen_bench.records.record import Record


@dataclass(frozen=True)
class Submissions:
    """The accepted files of a folder, by path, and what was found."""

    records: dict[str, Record]
    withdrawn: dict[str, Tombstone]
    attested: dict[str, Attestation]
    findings: tuple[Finding, ...]
    hashes: dict[str, str]
    """SHA-256 of every record file, by path."""

    @property
    def faults(self) -> list[Finding]:
        """The findings that must be repaired."""
        return [f for f in self.findings if f.kind == "fault"]

    def entries(self) -> list[Entry]:
        """Return the accepted records as the leaderboard takes them."""
        return [Entry(Path(path), record) for path, record in self.records.items()]

    def board(self) -> str:
        """Return the text of ``README.md``."""
        return render_board(self.entries(), self.withdrawn, self.attested)


def read_submissions(root: Path) -> Submissions:
    """Return the submitted results below a folder, checked alone and together.

    Raises:
        RequestError: there is no such folder.
    """
    if not root.is_dir():
        raise RequestError(f"{root} is not a folder. Expected the folder leaderboards of a checkout.")
    found = scan(root)
    findings = list(found.faults)
    records: dict[str, Record] = {}
    withdrawn: dict[str, Tombstone] = {}
    attested: dict[str, Attestation] = {}
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
    for path, record in records.items():
        findings += [look(path, question) for question in questions(record)]
    hashes = {path: hashlib.sha256(found.files[path]).hexdigest() for path in records}
    between = list(together(records, withdrawn))
    findings += between
    for finding in between:  # a copy or a second record of a seed is not a row
        if finding.kind == "fault":
            records.pop(finding.path, None)
    for path, attestation in list(attested.items()):
        of = path.removesuffix(".attested.json") + ".json"
        if reason := contradiction(attestation, records.get(of), hashes.get(of)):
            findings.append(fault(path, reason))
            del attested[path]
    return Submissions(records, withdrawn, attested, tuple(findings), hashes)


def check_board(root: Path, found: Submissions) -> Iterator[Finding]:
    """Yield a fault if the committed ``README.md`` is not the generated one."""
    path = root / layout.README
    fix = f"Run: vidgen-bench verify {shlex.quote(str(root))} --write"
    if path.is_symlink():
        return  # the scan reports it
    try:
        committed = path.read_bytes().decode()
    except FileNotFoundError:
        yield fault(layout.README, f"does not exist. {fix}")
        return
    except (OSError, UnicodeDecodeError):
        yield fault(layout.README, f"cannot be read as text. {fix}")
        return
    if committed != found.board():
        yield fault(layout.README, f"is not what the records give. {fix}")


def check_history(before: Submissions, now: Submissions) -> Iterator[Finding]:
    """Yield the records of an earlier state of the folder that were changed or removed without a tombstone, and new attestations."""
    for path, sha in before.hashes.items():
        tombstone = now.withdrawn.get(layout.tombstone_name(path))
        if tombstone is not None and tombstone.record != sha:
            yield fault(layout.tombstone_name(path), f"names another content than the record {path} had")
        elif tombstone is None and path not in now.hashes:
            yield fault(path, "was removed. Withdraw it instead: vidgen-bench withdraw FILE --reason ...")
        elif tombstone is None and now.hashes[path] != sha:
            yield fault(path, "was changed. Results are not edited; withdraw the record instead")
    for path in now.attested:
        if path not in before.attested:
            yield look(path, "is new; maintainers add attestations, after repeating the record themselves")
    for path in before.withdrawn:
        if path not in now.withdrawn:
            yield fault(path, "was removed; a tombstone stays")
