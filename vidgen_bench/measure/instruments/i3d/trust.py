"""A TorchScript archive is a program: it runs only if its content is known, or if the user said that they trust it.

The decision of the import is kept beside the weights file and is asked for again whenever the archive is about to run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from vidgen_bench.config.toml import Strict
from vidgen_bench.errors import RequestError
from vidgen_bench.system.files import write_text
from vidgen_bench.system.regular_files import read_file

KNOWN = {
    "bec6519f66ea534e953026b4ae2c65553c17bf105611c746d904657e5860a5e2": "StyleGAN-V's i3d_torchscript.pt, 51,235,320 bytes",
}
"""The archives that are trusted by their sha256: the file that published FVDs were computed with, as independent projects pin it."""


class Trust(Strict):
    """Why an archive may run; the file beside the weights."""

    sha256: str
    """Of the archive."""
    because: Literal["--trust-program", "known sha256"]

    @property
    def sentence(self) -> str:
        """A sentence that says that the archive is a program, and why it may run."""
        why = KNOWN.get(self.sha256, "you said that you trust it (--trust-program)")
        return f"It is a program and runs whenever it measures clips: {why}."


def trust_file(weights: Path) -> Path:
    """Return the path of the file that records the decision about a weights file."""
    return weights.with_suffix(".trust.json")


def trust(source: Path, sha256: str, trusted: bool) -> Trust:
    """Return why an archive may be run and imported.

    Args:
        source: the archive, for the message.
        sha256: of its content.
        trusted: whether the user trusts it, by ``--trust-program``.
    Raises:
        RequestError: its content is not known, and the user did not say that they trust it.
    """
    if sha256 in KNOWN:
        return Trust(sha256=sha256, because="known sha256")
    if trusted:
        return Trust(sha256=sha256, because="--trust-program")
    raise RequestError(
        f"{source} is a TorchScript archive: a program, which would run on this machine now and whenever it measures clips. Its sha256 "
        f"{sha256} is not one of a published file. Nothing was run. If you trust whoever made it, add --trust-program; or import a state "
        "dict, which runs nothing."
    )


def record_trust(weights: Path, decision: Trust) -> None:
    """Write the decision beside a weights file.

    Raises:
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    write_text(trust_file(weights), decision.model_dump_json(indent=2) + "\n")


def require_trust(weights: Path, sha256: str) -> None:
    """Check that an archive was trusted when it was imported, or is known; call it before the archive is loaded.

    Raises:
        RequestError: neither; the message gives the command.
    """
    if sha256 in KNOWN:
        return
    try:
        recorded = Trust.model_validate_json(read_file(trust_file(weights)))
    except (FileNotFoundError, ValidationError):
        recorded = None
    if recorded is None or recorded.sha256 != sha256:
        raise RequestError(
            f"{weights} is a TorchScript archive: a program, which would run on this machine. {trust_file(weights).name} does not record "
            f"that you trust its sha256 {sha256}. Nothing was run. If you trust whoever made it, import it again: vidgen-bench "
            f"instrument import FILE --kind i3d --trust-program --force"
        )
