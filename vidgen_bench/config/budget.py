"""Budgets: limits on training. A run ends at the first limit that it reaches."""

from __future__ import annotations

from pydantic import Field, model_validator

from vidgen_bench.config.toml import Strict
from vidgen_bench.errors import RequestError, did_you_mean


class Budget(Strict):
    """Limits on training, at least one of which is set. Evaluation does not count."""

    iterations: int | None = Field(default=None, ge=1, description="turns of the whole game")
    clips: int | None = Field(default=None, ge=1, description="real clips and images seen, over all networks")
    device_hours: float | None = Field(default=None, gt=0, description="training hours times number of devices")
    flops: float | None = Field(default=None, gt=0, description="floating-point operations of training steps")

    @model_validator(mode="after")
    def _some_limit(self) -> Budget:
        if not self.limits:
            raise ValueError("a budget needs at least one of iterations, clips, device_hours, flops")
        return self

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are set."""
        return self.model_dump(exclude_none=True)

    def __str__(self) -> str:
        return ",".join(
            f"{k.replace('_', '-')}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in self.limits.items()
        )


def parse_budget(text: str) -> Budget:
    """Return the budget of ``iterations=5`` or ``iterations=1000,device-hours=0.5``.

    Raises:
        RequestError: an unknown limit, or a limit that is not a positive number.
    """
    limits: dict[str, float] = {}
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    for part in text.split(","):
        kind, sign, amount = part.strip().partition("=")
        kind = kind.strip().replace("-", "_")
        if not sign or kind not in Budget.model_fields:
            kinds = [k.replace("_", "-") for k in Budget.model_fields]
            raise RequestError(f"--budget {shown}: expected KIND=AMOUNT[,KIND=AMOUNT].{did_you_mean(kind, kinds)}")
        if kind in limits:
            raise RequestError(f"--budget {shown}: {kind} is given twice.")
        try:
            limits[kind] = int(amount) if kind in ("iterations", "clips") else float(amount)
        except ValueError:
            raise RequestError(
                f"--budget {shown}: {amount.strip()[:80]!r} is not a valid number; expected for example {kind}=1000."
            ) from None
        if not 0 < limits[kind] < float("inf"):
            raise RequestError(f"--budget {shown}: {kind} must be greater than 0.")
    return Budget.model_validate(limits)
