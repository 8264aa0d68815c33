"""``vidgen-bench instrument import``: an instrument from your own copy of published weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.instrument.new_instrument import Force, check_name, free, kinds, named_kind
from vidgen_bench.errors import RecordError, RequestError

if TYPE_CHECKING:
    from vidgen_bench.api import ImportRequest, WeightsImporter


def import_instrument(
    file: Annotated[Path, typer.Argument(help="Your copy of the published weights.")],
    mean: Annotated[
        Path | None, typer.Option(help="File of the mean that the network subtracts, for weights that need one.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name for the instrument, as tracks will refer to it.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Kind of the weights; recognised by the file's content if omitted.")
    ] = None,
    trust_program: Annotated[
        bool,
        typer.Option(
            "--trust-program",
            help="Accept a file that is a program (a TorchScript archive): it runs on this machine, now and whenever it measures.",
        ),
    ] = False,
    force: Force = False,
) -> None:
    """Make an instrument from your own copy of published weights: check shapes and values, and record the hashes."""
    from vidgen_bench.api import ImportRequest
    from vidgen_bench.cli.console import complain, say

    request = ImportRequest(file, mean, name, trust_program)
    importer = named_kind("importer", kind).declaration.importer if kind else _recognised(request)
    if name is not None:
        check_name(name, "importer", importer.kind)
    target = free(importer.target(request), force)
    done = importer.write(request, target)
    if done.warning:
        complain(done.warning, prefix="warning:")
    if kind is None:
        say(f"{file}: recognised as weights of kind {importer.kind!r}")
    for line in done.lines:
        say(line)


def _recognised(request: ImportRequest) -> WeightsImporter:
    """Return the only importer that recognises a file.

    Raises:
        RecordError: the file cannot be read.
        RequestError: no importer recognises it, or several do.
    """
    from vidgen_bench.system.regular_files import require_regular

    importers: list[WeightsImporter] = [plugin.declaration.importer for plugin in kinds("importer").values()]
    valid = "; ".join(f"{importer.kind} ({importer.files})" for importer in importers) or "none"
    require_regular(request.file, follow=True)
    try:
        request.file.open("rb").close()
    except OSError as error:
        raise RecordError(f"{request.file} cannot be read: {error.strerror or error}. Expected {valid}.") from None
    found = [importer for importer in importers if importer.recognises(request)]
    if len(found) == 1:
        return found[0]
    by = " and ".join(importer.kind for importer in found) or "no importer"
    raise RequestError(f"{request.file}: recognised by {by}. Give --kind. Valid: {valid}.")
