"""A plugin fits at least one other, and a backbone accepts its own reduced size."""

from __future__ import annotations

from vidgen_bench.api import Backbone, Clip, LatentSpec
from vidgen_bench.compose.pair import Misfit, fit
from vidgen_bench.compose.resolve import resolve
from vidgen_bench.config.spec import Spec
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.small import small_track
from vidgen_bench.conformance.subject import Declared, PairingAttempt, pairing_attempts
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.host.host import Host, LoadedPlugin


def check_pairing(declared: Declared) -> None:
    """Check that at least one pair fits, and that no attempt to pair ends in an error."""
    found, host = declared.plugin, declared.host
    if found.kind == "backbone":
        if reason := small_size_fault(found, host):
            raise Nonconformance(reason)
    tried = list(pairing_attempts(declared))
    for attempt in tried:
        _check_refusal(attempt, found, host)
    others = "temporal generator" if found.kind == "backbone" else "backbone"
    reasons = "; ".join(str(t.refusal) for t in tried if t.spec.variant is None)
    demand(
        any(attempt.subject and attempt.spec.variant is None for attempt in tried),
        f"expected at least one installed {others} that it fits, to check it with: {reasons or f'no {others} is installed'}",
    )


def _check_refusal(attempt: PairingAttempt, plugin: LoadedPlugin, host: Host) -> None:
    """A pair may be refused; any other error is a fault of this temporal generator, unless the backbone is faulty."""
    if attempt.refusal is None or isinstance(attempt.refusal, Misfit) or plugin.kind == "backbone":
        return  # small_size_fault has checked the backbone already
    if small_size_fault(host.find("backbone", attempt.spec.backbone), host):
        return
    raise Nonconformance(f"expected {attempt.spec} to fit or to be refused with a reason: {attempt.refusal}")


def small_size_fault(backbone: LoadedPlugin, host: Host) -> str | None:
    """Return why a backbone does not work at its reduced size, or None."""
    declared: Backbone = backbone.declaration
    try:
        track = small_track(backbone)
        spec = Spec(backbone.name)
        options = resolve(spec, declared, None, track, {}, host).options("backbone", declared)
        if reason := declared.refuses(track.clip, options):
            return f"expected the backbone {backbone.name!r} to accept its own `small`; it refuses: {reason}"
        latent = declared.latent(track.clip, options)
        if latent is None:
            return (
                declared.own
                and f"{backbone.name!r} names its own temporal generator {declared.own!r}, but latent() is None"
            )
        if reason := _latent_fault(latent, track.clip):
            return f"{backbone.name!r} requests an invalid latent: {reason}"
        if declared.own is not None:
            fit(spec, track, {}, host)
    except VidgenBenchError as error:
        return f"expected the backbone {backbone.name!r} to work at its own `small` with its own temporal generator: {error}"
    return None


def _latent_fault(latent: LatentSpec, clip: Clip) -> str | None:
    """Return why a latent is invalid, or None."""
    if latent.frames != clip.frames:
        return f"frames is {latent.frames}, expected the {clip.frames} of the clip"
    if not 0 <= latent.noise <= latent.source:
        return f"noise is {latent.noise}, expected 0 .. {latent.source}, the width of z_0"
    if not latent.shape or min((*latent.shape, latent.source)) < 1:
        return f"shape {latent.shape} and source {latent.source} must be at least 1"
    if latent.parameters is not None:
        return f"parameters is {latent.parameters}, expected None: vidgen-bench fills it in"
    return None
