"""Resolves the value of every option, and the canonical spelling of a spec.

Sources of a value, each overriding the earlier ones: default, name, variant, pairing, track, given (``--set``).
``tgan+ode1:equal`` and ``tgan+ode1 --set temporal.hidden=equal`` resolve to the same values, so they are one spec. The canonical
spelling has the variant with the fewest given options; ties go to no variant, then to declared order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Backbone, Pairing, Temporal
from vidgen_bench.config.spec import Spec, spelt
from vidgen_bench.config.track import Track
from vidgen_bench.errors import PluginError, RequestError, did_you_mean
from vidgen_bench.host.host import Host
from vidgen_bench.host.options import checked, jsonable
from vidgen_bench.records.entries import Origin, Setting


@dataclass(frozen=True)
class Resolved:
    """A canonical spec with the value and origin of every option, keyed ``backbone.width``."""

    spec: Spec
    settings: dict[str, Setting]

    @property
    def given(self) -> dict[str, Any]:
        """The options given by ``--set`` whose value differs from that of the spec alone."""
        return {key: s.value for key, s in self.settings.items() if s.origin == "given"}

    def __str__(self) -> str:
        return " ".join([str(self.spec), *(f"{key}={spelt(value)}" for key, value in sorted(self.given.items()))])

    def options(self, side: str, declaration: Backbone | Temporal) -> Any:
        """Return the frozen options dataclass of one side (``backbone`` or ``temporal``)."""
        return declaration.options(
            **{k.partition(".")[2]: s.value for k, s in self.settings.items() if k.startswith(f"{side}.")}
        )


def parse_given(pairs: list[str]) -> dict[str, str]:
    """Return ``{"temporal.hidden": "64"}`` for ``["temporal.hidden=64"]``.

    Raises:
        RequestError: ``=`` is missing, there is no such side, or an option is given twice.
    """
    given: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = (part.strip() for part in pair.partition("="))
        side, dot, _ = key.partition(".")
        if not sign or not dot or side not in ("backbone", "temporal"):
            raise RequestError(
                f"--set {pair}: expected backbone.OPTION=VALUE or temporal.OPTION=VALUE, as in --set temporal.hidden=64."
            )
        if given.setdefault(key, value) != value:
            raise RequestError(f"--set {key} is given twice, as {given[key]!r} and as {value!r}.")
    return given


def resolve(
    spec: Spec, backbone: Backbone, temporal: Temporal | None, track: Track, given: Mapping[str, Any], host: Host
) -> Resolved:
    """Return the canonical spec and its settings; ``spec.temporal`` must be filled in.

    Raises:
        RequestError: an option or variant is unknown, a value has the wrong type or range, or the name fixes the option.
    """
    given = dict(given)
    spec = _with_variant(spec, temporal, given)
    declarations: dict[str, Any] = {"backbone": backbone} | ({"temporal": temporal} if temporal else {})
    typed = {key: _typed(key, value, declarations) for key, value in given.items()}
    wanted = {**_layered(spec, declarations, track, host)}
    wanted.update({key: Setting(value=value, origin="given") for key, value in typed.items()})
    candidates = []
    for variant in [None, *(temporal.variants if temporal else ())]:
        base_spec = dataclasses.replace(spec, variant=variant)
        base = _layered(base_spec, declarations, track, host)
        rest = {k: s.value for k, s in wanted.items() if not _same(s.value, base[k].value)}
        candidates.append((base_spec, base, rest))
    best_spec, base, rest = min(candidates, key=lambda c: len(c[2]))
    return Resolved(best_spec, base | {k: Setting(value=v, origin="given") for k, v in rest.items()})


def _same(a: Any, b: Any) -> bool:
    return jsonable(a) == jsonable(b) and isinstance(a, bool) == isinstance(b, bool)


def _with_variant(spec: Spec, temporal: Temporal | None, given: dict[str, Any]) -> Spec:
    """Return the spec with its variant, checked; ``temporal.variant`` is removed from ``given``."""
    variant = given.pop("temporal.variant", None)
    if variant is not None and spec.variant is not None and variant != spec.variant:
        raise RequestError(f"{spec} and --set temporal.variant={variant} contradict each other.")
    spec = dataclasses.replace(spec, variant=variant or spec.variant)
    if spec.variant is not None and temporal is None:
        raise RequestError(f"{spec.backbone} has no temporal generator, so it has no variant {spec.variant!r}.")
    if temporal and spec.variant is not None and spec.variant not in temporal.variants:
        hint = did_you_mean(spec.variant, temporal.variants) or " It has no variants."
        raise RequestError(f"The temporal generator {temporal.name!r} has no variant {spec.variant!r}.{hint}")
    return spec


def _typed(key: str, value: Any, declarations: Mapping[str, Any]) -> Any:
    side, _, name = key.partition(".")
    declaration = declarations.get(side)
    if declaration is None:
        raise RequestError(f"--set {key}: this spec has no {'temporal generator' if side == 'temporal' else side}.")
    result = checked(declaration.options, name, value, where=key)
    fixed = getattr(declaration, "sets", {})
    if name in fixed and not _same(fixed[name], result):
        raise RequestError(
            f"--set {key}={spelt(result)}: the name {declaration.name!r} fixes {name} = {spelt(fixed[name])}; use another name."
        )
    return result


def _layered(spec: Spec, declarations: Mapping[str, Any], track: Track, host: Host) -> dict[str, Setting]:
    """Return every option's value from all sources but ``given``."""
    settings: dict[str, Setting] = {}
    for side, declaration in declarations.items():
        for field in dataclasses.fields(declaration.options):
            settings[f"{side}.{field.name}"] = Setting(value=field.default, origin="default")

    def lay(origin: Origin, side: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            key, declaration = f"{side}.{name}", declarations[side]
            where = key if origin != "track" else f"track {track.name}: defaults.{declaration.name}.{name}"
            settings[key] = Setting(value=checked(declaration.options, name, value, where=where), origin=origin)

    if temporal := declarations.get("temporal"):
        lay("name", "temporal", temporal.sets)
        if spec.variant is not None:
            lay("variant", "temporal", temporal.variants[spec.variant])
    if pairing := _pairing(spec, host):
        for key, value in pairing.options.items():
            side, _, name = key.partition(".")
            if side not in declarations:
                raise PluginError(f"The pairing for {spec} sets {key}, but this spec has no such side.")
            lay("pairing", side, {name: value})
    for side, declaration in declarations.items():
        lay("track", side, track.defaults.get(declaration.name, {}))
    return settings


def _pairing(spec: Spec, host: Host) -> Pairing | None:
    same = [f for f in host.of("pairing") if f.name == str(spec)]
    return host.find("pairing", str(spec)).declaration if same else None
