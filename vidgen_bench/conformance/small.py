"""The reduced size that a backbone declares for tests, as a track, so that checks compose a game as a run does."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from vidgen_bench.api import Backbone, Clip
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.config.track import ClipPart, DataPart, Track, load_track
from vidgen_bench.errors import PluginError
from vidgen_bench.host.host import LoadedPlugin


def small_track(backbone: LoadedPlugin) -> Track:
    """Return a track with the backbone's reduced clip and its reduced options as defaults.

    Raises:
        PluginError: ``small`` is not (Clip, options), or a track cannot have such a clip.
    """
    declared: Backbone = backbone.declaration
    clip, options = _read(backbone.name, declared.small)
    try:
        part = ClipPart(frames=clip.frames, size=clip.size, classes=clip.classes)
    except ValidationError as error:
        raise PluginError(
            f"the backbone {backbone.name!r}: `small` has a clip that is not valid for a track, {clip}"
        ) from error
    data = DataPart(name="small", resize=(clip.size, clip.size + clip.spare), crop=(0, 0, clip.size, clip.size))
    changed = {"name": "small", "data": data, "clip_": part, "defaults": {backbone.name: options}}
    return load_track(DEFAULT_TRACK).model_copy(update=changed)


def _read(name: str, small: Any) -> tuple[Clip, dict[str, Any]]:
    try:
        clip, options = small
        options = dict(options)
    except (TypeError, ValueError):
        clip, options = None, {}
    if not isinstance(clip, Clip):
        raise PluginError(f"the backbone {name!r}: `small` is {small!r}, expected (Clip(...), {{option: value}})")
    if clip.channels != 3:
        raise PluginError(f"the backbone {name!r}: `small` has {clip.channels} channels, expected 3 (red, green, blue)")
    return clip, options
