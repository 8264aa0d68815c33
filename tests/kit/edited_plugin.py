"""A third party's temporal generator, ``drift`` of ``tests/stranger``, installed as a package that a test edits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.kit.plugin_files import install

STRANGER = Path(__file__).resolve().parents[1] / "stranger" / "vidgen_drift.py"


@dataclass(frozen=True)
class EditedPlugin:
    """The package ``vidgen_drifting`` in a folder of its own: one file that declares, and one with a number that it imports."""

    site: Path

    @classmethod
    def make(cls, site: Path) -> EditedPlugin:
        """Install it."""
        install(site, "vidgen-drifting", **{"vidgen_drifting.entry": ""})
        (site / "vidgen_drifting.entry.py").unlink()
        package = site / "vidgen_drifting"
        package.mkdir()
        (package / "__init__.py").touch()
        declared = STRANGER.read_text()
        assert "options.rate * self.f" in declared
        declared = declared.replace("options.rate * self.f", "SPEED * options.rate * self.f")
        (package / "entry.py").write_text(
            declared.replace(
                "from vidgen_bench import", "from vidgen_drifting.speed import SPEED\nfrom vidgen_bench import", 1
            )
        )
        plugin = cls(site)
        plugin.edit(1.0)
        return plugin

    @property
    def speed(self) -> Path:
        """The file that is edited."""
        return self.site / "vidgen_drifting" / "speed.py"

    def edit(self, value: float) -> None:
        """Change what the model computes; its weights have the same shapes as before."""
        self.speed.write_text(f"SPEED = {value!r}\n")
        for cached in self.speed.parent.glob("__pycache__/speed.*"):
            cached.unlink()  # an edit within a second of the last one may have the same size and time

    @property
    def environment(self) -> dict[str, str]:
        """The variable with which commands find it."""
        return {"PYTHONPATH": str(self.site)}
