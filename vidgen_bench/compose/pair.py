"""Fits a backbone and a temporal generator on a track: the pair with its validated options, or the reason why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Backbone, Clip, LatentSpec, Temporal
from vidgen_bench.compose.own_count import lazily_counted, missed, was_read
from vidgen_bench.compose.resolve import Resolved, resolve
from vidgen_bench.config.spec import Spec
from vidgen_bench.config.track import Track
from vidgen_bench.errors import PluginError, RequestError, VidgenBenchError
from vidgen_bench.host.host import KIND_WORDS, Host, LoadedPlugin
from vidgen_bench.records.entries import PluginEntry


class Misfit(RequestError):
    """Both names are known and their options valid, but one side refuses the other or the track's clips.

    ``reason`` is the message without the spec it starts with, for tables that show the spec in another column.
    """

    def __init__(self, reason: str, spec: object = None) -> None:
        super().__init__(reason if spec is None else f"{spec} does not fit: {reason}")
        self.reason, self.spec = reason, spec


@dataclass(frozen=True)
class Pair:
    """A backbone and a temporal generator that fit, or a backbone alone that has no temporal path."""

    resolved: Resolved
    backbone: Backbone
    temporal: Temporal | None
    backbone_options: Any
    temporal_options: Any
    clip: Clip
    latent: LatentSpec | None
    plugins: tuple[PluginEntry, ...]


def fit(spec: Spec, track: Track, given: Mapping[str, Any], host: Host, *, counted: bool = True) -> Pair:
    """Return the pair of a spec on a track.

    Args:
        spec: a missing temporal generator means the backbone's own.
        track: sets the clip shape, and defaults of options.
        given: values of ``--set``, ``{"temporal.hidden": "64"}``, as strings or typed values.
        host: the installed plugins.
        counted: whether to count the parameters of the backbone's own G_t in any case, which imports torch; otherwise they are
            counted only if the temporal generator reads the count.
    Raises:
        Misfit: the pair does not fit; the message has the reason.
        RequestError: a name is unknown, or an option is out of range.
    """
    backbone = host.find("backbone", spec.backbone)
    declared: Backbone = backbone.declaration
    spec = dataclasses.replace(spec, temporal=spec.temporal or declared.own)
    temporal = host.find("temporal", spec.temporal) if spec.temporal else None
    resolved = resolve(spec, declared, temporal.declaration if temporal else None, track, given, host)
    options = resolved.options("backbone", declared)
    if reason := _ask(backbone, lambda: declared.refuses(track.clip, options)):
        raise Misfit(f"{backbone.name} refuses the clips of the track {track.name}: {_sentence(reason)}")
    latent: LatentSpec | None = _ask(backbone, lambda: declared.latent(track.clip, options))
    if latent is None and temporal is not None:
        raise Misfit(
            f"{backbone.name} has no latent path through time, so there is nothing to swap; `{backbone.name}` alone works.",
            spec,
        )
    if latent is not None and temporal is None:
        raise Misfit(f"{backbone.name} has no temporal generator of its own: name one, as in {backbone.name}+NAME.")
    temporal_options = None
    if latent is not None and temporal is not None:
        temporal_options = resolved.options("temporal", temporal.declaration)
        latent, refusal = _offer(latent, backbone, temporal, temporal_options, track, host, counted)
        if refusal:
            reason = f"{temporal.name} refuses the latent of {backbone.name}: {_sentence(refusal)}"
            raise Misfit(reason, resolved)
    plugins = tuple(plugin_entry(f) for f in (backbone, temporal) if f)
    g_t = temporal.declaration if temporal else None
    return Pair(resolved, declared, g_t, options, temporal_options, track.clip, latent, plugins)


def plugin_entry(plugin: LoadedPlugin) -> PluginEntry:
    """Return a plugin as a record keeps it."""
    return PluginEntry(
        kind=plugin.kind, name=plugin.name, distribution=plugin.origin.distribution, version=plugin.origin.version
    )


def _offer(
    latent: LatentSpec,
    backbone: LoadedPlugin,
    temporal: LoadedPlugin,
    options: Any,
    track: Track,
    host: Host,
    counted: bool,
) -> tuple[LatentSpec, str | None]:
    """Return the latent as G_t receives it, and the reason why G_t refuses it, or None.

    The backbone's own G_t is counted if ``counted`` is set, or if G_t reads the count to decide.
    """
    declared: Temporal = temporal.declaration
    lazy = lazily_counted(latent, lambda: _own_parameters(backbone, latent, track, host))
    refusal = _ask(temporal, lambda: declared.refuses(lazy, options), lambda: missed(lazy, backbone.name))
    if was_read(lazy) or (counted and not refusal):
        latent = dataclasses.replace(latent, parameters=lazy.parameters)
    return latent, refusal


def _own_parameters(backbone: LoadedPlugin, latent: LatentSpec, track: Track, host: Host) -> int | None:
    """Return the parameter count of the backbone's own G_t, built on the meta device; None if there is none or it refuses."""
    declared: Backbone = backbone.declaration
    if declared.own is None:
        return None
    found = host.find("temporal", declared.own)
    own: Temporal = found.declaration
    options = resolve(Spec(declared.name, own.name), declared, own, track, {}, host).options("temporal", own)
    if _ask(found, lambda: own.refuses(latent, options)):
        return None
    from vidgen_bench.latent import count, on_meta

    return int(_ask(found, lambda: count(on_meta(lambda: own.build(latent, options)))))


def _ask(plugin: LoadedPlugin, question: Callable[[], Any], hint: Callable[[], str] = str) -> Any:
    """Return a declaration's answer; an exception in third-party code becomes a PluginError that names the plugin, with a hint."""
    try:
        return question()
    except VidgenBenchError:
        raise
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise PluginError(
            f"The {KIND_WORDS.get(plugin.kind, plugin.kind)} {plugin.name!r} of {plugin.origin} failed: {_sentence(text)}{hint()}"
        ) from error


def _sentence(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
