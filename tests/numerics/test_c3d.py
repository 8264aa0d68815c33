"""C3D: golden 13a, batch size, memory format, pooling, batch norm folding, and what it makes of both preprocessings."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv3d_weight_memory_format

from tests.kit import golden
from vidgen_bench.measure.instruments.c3d.network import C3D, Layout
from vidgen_bench.measure.instruments.c3d.normalised import NormalisedC3D
from vidgen_bench.measure.instruments.c3d.preprocessing import C3DInstrument, TganPreprocessing, TganV2Preprocessing


def filled(layout: Layout, network: nn.Module) -> nn.Module:
    """Give a network pattern weights of ordinary size: He bound, first layer for inputs of size 100."""
    with torch.no_grad():
        for k, (name, parameter) in enumerate((n, p) for n, p in network.named_parameters() if p.requires_grad):
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 0
            bound = (6.0 / fan_in) ** 0.5 * (0.02 if name.endswith("conv1a.weight") else 1.0) if fan_in else 0.1
            parameter.copy_(torch.from_numpy(bound * golden.base(k, parameter.numel())).view_as(parameter))
    return network


def slim() -> C3D:
    layout = Layout(width=4, hidden=32, classes=5)
    network = filled(layout, C3D(layout))
    assert isinstance(network, C3D)
    return network.eval()


# ------------------------------------------------------------------------------------------------------------ the network
def test_the_output_does_not_depend_on_the_batch() -> None:
    instrument = C3DInstrument(slim(), torch.tensor([90.0, 98.0, 101.0]))
    clips = golden.video(5, 3, 16, 64, 64) * torch.linspace(0.2, 1, 5).view(5, 1, 1, 1, 1)
    together = instrument(clips)
    assert together["prob"].shape == (5, 5)
    assert together["fc7"].shape == (5, 32)
    assert together["fc7"].std(dim=0).max() > 1e-3  # the features distinguish the clips
    for order in ([0], [4, 1], [3, 2, 1, 0]):
        part = instrument(clips[order])
        for layer in ("prob", "fc7"):
            torch.testing.assert_close(part[layer], together[layer][order], atol=1e-5, rtol=1e-5)


def test_the_memory_format_changes_nothing() -> None:
    network = slim()
    clips = golden.video(2, 3, 16, 112, 112) * 100
    plain = network(clips)
    convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
    last = network(clips.contiguous(memory_format=torch.channels_last_3d))
    for layer in ("prob", "fc7"):
        torch.testing.assert_close(last[layer], plain[layer], atol=1e-5, rtol=1e-5)


def test_pool5_keeps_the_partial_window() -> None:
    """A step on the last row of conv5b's 7 x 7 map must reach fc6 (ceil mode): floor mode would never see it."""
    network = slim()
    seen: dict[str, Tensor] = {}
    network.get_submodule("conv5b").register_forward_hook(
        lambda _module, _inputs, output: torch.zeros_like(output).index_fill_(3, torch.tensor([6]), 1.0)
    )
    network.fc6.register_forward_pre_hook(lambda _module, inputs: seen.update(pool5=inputs[0].view(1, 32, 1, 4, 4)))
    network(torch.zeros(1, 3, 16, 112, 112))
    assert seen["pool5"][0, 0, 0].tolist() == [[0.0] * 4, [0.0] * 4, [0.0] * 4, [1.0] * 4]


def test_folded_batch_norms_compute_the_same() -> None:
    layout = Layout(width=4, hidden=32, classes=5)
    trained = NormalisedC3D(layout).eval()
    filled(layout, trained)
    for k, norm in enumerate(trained.norms.values()):
        assert isinstance(norm, nn.BatchNorm3d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        channels = norm.num_features
        norm.running_mean.copy_(torch.from_numpy(0.1 * golden.base(k, channels)))
        norm.running_var.copy_(torch.from_numpy(1 + 0.5 * golden.base(k + 50, channels)))
        norm.bias.data.copy_(torch.from_numpy(0.5 * golden.base(k + 90, channels)))
    folded = C3D(layout)
    folded.load_state_dict(trained.folded())
    clips = golden.video(2, 3, 16, 112, 112) * 100
    with torch.inference_mode():
        torch.testing.assert_close(folded(clips)["prob"], trained(clips).softmax(dim=1), atol=1e-5, rtol=1e-4)


def test_the_two_preprocessings_see_different_parts_of_a_frame() -> None:
    """A bright border of one pixel in 64: "tganv2" squeezes the whole frame into its input, "tgan" cuts the border away."""
    clips = torch.full((1, 3, 16, 64, 64), -1.0)
    clips[..., 0, :] = clips[..., -1, :] = clips[..., :, 0] = clips[..., :, -1] = 1.0
    first, second = (make(torch.zeros(3))(clips) for make in (TganPreprocessing, TganV2Preprocessing))
    assert first[..., 5:-5, 5:-5].abs().max() < 1e-3
    assert first.max() < 1
    assert second[..., 0, :].min() == 256
    network = slim()
    apart = (network(first)["fc7"] - network(second)["fc7"]).norm() / network(first)["fc7"].norm()
    assert apart > 0.1
