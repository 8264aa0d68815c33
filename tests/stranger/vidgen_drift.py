"""drift: dz/dt = rate f(z), a latent path whose speed is an option."""

from dataclasses import dataclass

from vidgen_bench import hookimpl
from vidgen_bench.api import option


@dataclass(frozen=True)
class DriftOptions:
    rate: float = option(0.5, "speed of the path", at_least=0.0)


@dataclass(frozen=True)
class Drift:
    name = "drift"
    api = "1.0"
    summary = "first-order ODE with a speed, z' = rate f(z)"
    reference = "CONTRIBUTING.md"
    options = DriftOptions
    variants = {"slow": {"rate": 0.1}}
    stochastic = False
    can = frozenset({"between", "before", "after"})  # it serves --fps, --rewind and --extend

    def refuses(self, spec, options):
        return None  # or the reason why it cannot serve this latent

    def build(self, spec, options):
        from torch import nn

        from vidgen_bench.integrate import ode_path
        from vidgen_bench.latent import Lift, dynamics, initialise

        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.lift = Lift(spec)
                self.f = dynamics(spec.shape, None)
                initialise(self, spec.init)

            def forward(self, z0, times, noise):  # [N, source] -> [N, T, *spec.shape]
                return ode_path(lambda t, z: options.rate * self.f(z), self.lift(z0), times, spec.frames)

        return Network()


@hookimpl
def vidgen_temporal():
    return [Drift()]
