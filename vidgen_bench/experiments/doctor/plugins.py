"""The installed plugins, and the weights of the instruments among them."""

from __future__ import annotations

from collections import Counter

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.doctor.finding import Finding
from vidgen_bench.host.host import ALLOW_LIST, Host


def check_plugins(host: Host) -> list[Finding]:
    """Return how many plugins load, and a fault for each that does not and for each name that several declare.

    Args:
        host: the plugins of this environment.
    """
    counts = Counter(f"{p.origin.distribution} {p.origin.version}" for p in host.plugins)
    texts = [f"{number} from {printable(name, 60)}" for name, number in counts.items()]
    faults = [
        Finding(
            "plugins",
            "fault",
            f"{printable(str(broken.origin), 100)}: {printable(broken.cause, 300)}",
            f"reinstall it or pip uninstall {printable(broken.origin.distribution, 60)}; `vidgen-bench plugins` shows it",
            {
                "distribution": broken.origin.distribution,
                "entry_point": broken.origin.entry_point,
                "cause": broken.cause,
            },
        )
        for broken in host.broken
    ]
    for clash in host.clashes():
        names = [f"{origin.distribution} {origin.version}" for origin in clash.origins]
        text = f"the {clash.kind} {clash.name} is declared by {' and '.join(printable(name, 60) for name in names)}"
        fix = f"uninstall one, or set {ALLOW_LIST} to the plugins you want"
        faults.append(Finding("plugins", "fault", text, fix, {"clash": clash.name, "distributions": names}))
    if not host.plugins:
        fix = f"pip install --force-reinstall --no-deps vidgen-bench, or unset {ALLOW_LIST}"
        return [Finding("plugins", "fault", "no plugin is loaded", fix), *faults]
    return [Finding("plugins", "ok", ", ".join(texts), details=dict(counts)), *faults]


def check_instruments(host: Host) -> Finding:
    """Return which instruments have their weights; those without are not faults, since most runs need one instrument alone.

    Args:
        host: the plugins of this environment.
    """
    ready, missing, wrong = [], {}, {}
    for plugin in host.of("instrument"):
        try:
            plugin.declaration.sha256()
            ready.append(plugin.name)
        except VidgenBenchError as error:
            missing[plugin.name] = str(error)
        except Exception as error:  # a third party's declaration may raise anything
            wrong[plugin.name] = f"{type(error).__name__}: {error}"
    details = {"ready": ready, "missing": missing, "broken": wrong}
    text = (
        f"weights of {', '.join(printable(name, 40) for name in ready)}" if ready else "no instrument has its weights"
    )
    if missing:
        text += f"; none of {', '.join(printable(name, 40) for name in missing)}"
    if wrong:
        name, reason = next(iter(wrong.items()))
        return Finding(
            "instruments",
            "fault",
            f"{printable(name, 40)}: {printable(reason, 300)}",
            "report it to the plugin's author",
            details,
        )
    if not ready:
        return Finding("instruments", "fault", text, "vidgen-bench instrument import FILE", details)
    return Finding(
        "instruments", "ok", text, "vidgen-bench instrument import FILE adds weights" if missing else "", details
    )
