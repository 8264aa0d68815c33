"""A stranger's backbone that the contract allows and no first-party one is like: it has no latent path through time."""

from dataclasses import dataclass
from functools import partial

from vidgen_bench import hookimpl
from vidgen_bench.api import Clip, Feed, Game, NoOptions, Player


@dataclass(frozen=True)
class Lone:
    """One linear layer from the noise to every pixel of the clip."""

    name, api, reference = "lone", "1.0", "nobody, 2024"
    summary = "a clip at once, from one vector"
    options, own, reconstruction, can = NoOptions, None, False, frozenset()
    small = (Clip(frames=4, size=8, classes=2), {})

    def refuses(self, clip, options):
        return None

    def latent(self, clip, options):
        return None

    def build(self, clip, options, temporal):
        import torch
        from torch import nn
        from torch.nn.functional import softplus

        assert temporal is None
        shape = (clip.channels, clip.frames, clip.size, clip.size)
        g = nn.Sequential(nn.Linear(6, clip.channels * clip.frames * clip.size**2), nn.Tanh(), nn.Unflatten(1, shape))
        d = nn.Sequential(nn.Flatten(), nn.Linear(clip.channels * clip.frames * clip.size**2, 1))

        def d_loss(batch, noise):
            fake = g(noise.normal("z", 6)).detach()
            return {"real": softplus(-d(batch.clips)).mean(), "fake": softplus(d(fake)).mean()}

        def g_loss(batch, noise):
            return {"fake": softplus(-d(g(noise.normal("z", 6)))).mean()}

        adam = partial(torch.optim.Adam, lr=1e-3)
        players = (
            Player("discriminator", tuple(d.parameters()), 2, d_loss, adam, Feed(clip.frames)),
            Player("generator", tuple(g.parameters()), 2, g_loss, adam),
        )
        return Game({"generator": g, "discriminator": d}, players, lambda noise, times: g(noise.normal("z", 6)))


@hookimpl
def vidgen_backbones():
    return (Lone(),)
