"""Whether a plugin can be tried at all: somebody takes it, and a backbone takes its own reduced size."""

from __future__ import annotations

from vidgen_bench.api import Backbone, Clip, LatentSpec
from vidgen_bench.compose.pair import Misfit, fit
from vidgen_bench.compose.resolve import resolve
from vidgen_bench.config.spec import Spec
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.small import small_track
from vidgen_bench.conformance.subject import Declared, Trial, trials
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.host.host import Host, LoadedPlugin


def pairing(declared: Declared) -> None:
    """Ask that there is something to try, and that no question about it ends in an error."""
    found, host = declared.plugin, declared.host
    if found.kind == "backbone":
        if reason := trouble(found, host):
            raise Nonconformance(reason)
    tried = list(trials(declared))
    for trial in tried:
        _ask_refusal(trial, found, host)
    others = "temporal generator" if found.kind == "backbone" else "backbone"
    reasons = "; ".join(str(t.refusal) for t in tried if t.spec.variant is None)
    demand(
        any(trial.subject and trial.spec.variant is None for trial in tried),
        f"expected at least one installed {others} that it fits, or nothing about it can be tried: "
        f"{reasons or f'no {others} is installed'}",
    )


def _ask_refusal(trial: Trial, plugin: LoadedPlugin, host: Host) -> None:
    """A pair may not fit; anything else that comes out of asking is a fault, of this temporal generator if not of the other side."""
    if trial.refusal is None or isinstance(trial.refusal, Misfit) or plugin.kind == "backbone":
        return  # a backbone that is asked about another temporal generator has answered the same questions before
    if trouble(host.find("backbone", trial.spec.backbone), host):
        return
    raise Nonconformance(f"expected {trial.spec} to fit or to be refused in words: {trial.refusal}")


def trouble(backbone: LoadedPlugin, host: Host) -> str | None:
    """Return why a backbone cannot be tried at its reduced size, or None."""
    declared: Backbone = backbone.declaration
    try:
        track = small_track(backbone)
        spec = Spec(backbone.name)
        options = resolve(spec, declared, None, track, {}, host).options("backbone", declared)
        if reason := declared.refuses(track.clip, options):
            return f"expected the backbone {backbone.name!r} to take its own `small`; it refuses: {reason}"
        latent = declared.latent(track.clip, options)
        if latent is None:
            return (
                declared.own
                and f"{backbone.name!r} names its own temporal generator {declared.own!r}, but latent() is None"
            )
        if reason := _latent_fault(latent, track.clip):
            return f"the latent that {backbone.name!r} asks for cannot be: {reason}"
        if declared.own is not None:
            fit(spec, track, {}, host)
    except VidgenBenchError as error:
        return f"expected the backbone {backbone.name!r} to work at its own `small` with its own temporal generator: {error}"
    return None


def _latent_fault(latent: LatentSpec, clip: Clip) -> str | None:
    """Return what no latent may be, or None."""
    if latent.frames != clip.frames:
        return f"frames is {latent.frames}, expected the {clip.frames} of the clip"
    if not 0 <= latent.noise <= latent.source:
        return f"noise is {latent.noise}, expected 0 .. {latent.source}, the width of z_0"
    if not latent.shape or min((*latent.shape, latent.source)) < 1:
        return f"shape {latent.shape} and source {latent.source} must be at least 1"
    if latent.parameters is not None:
        return f"parameters is {latent.parameters}, expected None: the harness counts"
    return None
