"""The building blocks of backbones against NumPy in float64, closed forms and SciPy's counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from scipy.stats import chisquare
from torch import Tensor, nn

from vidgen_bench import blocks
from vidgen_bench.api import Clip
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import sampling_noise


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def filled(network: nn.Module) -> nn.Module:
    """Return the network in float64 with every parameter drawn, those that start at zero included."""
    for seed, parameter in enumerate(network.double().parameters()):
        parameter.data = drawn(*parameter.shape, seed=seed) / 3
    return network


def largest_singular_value(weight: Tensor) -> float:
    return float(np.linalg.svd(weight.detach().double().flatten(1).numpy(), compute_uv=False)[0])


# -------------------------------------------------------------------------------------------------------------- average


def test_an_average_has_the_closed_form_of_a_geometric_sum() -> None:
    network = nn.Linear(2, 1).double()
    average = blocks.Average(network, decay=0.9, start=3)
    weights = [drawn(1, 2, seed=i) for i in range(8)]
    for i, weight in enumerate(weights):
        network.weight.data = weight
        average.update(network, torch.tensor(i))
        if i < 3:
            assert torch.equal(average.module.weight, weight)
    expected = 0.9**5 * weights[2] + sum(0.1 * 0.9 ** (7 - i) * weights[i] for i in range(3, 8))
    # the decay is a float32 number
    torch.testing.assert_close(average.module.weight.data, expected, rtol=1e-6, atol=1e-7)


def test_an_average_takes_buffers_has_no_gradient_and_leaves_its_module_alone() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    average = blocks.Average(network, decay=0.5)
    before = [p.clone() for p in network.parameters()]
    network(torch.randn(8, 3))
    average.update(network, torch.tensor(0))
    assert torch.equal(average.module[1].running_mean, network[1].running_mean)
    assert int(average.module[1].num_batches_tracked) == 1
    assert not any(p.requires_grad for p in average.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    network.eval(), average.eval()
    x = torch.randn(2, 3)
    assert torch.equal(average(x), network(x))  # an average of one value


def test_an_average_follows_networks_with_spectral_normalisation() -> None:
    network = nn.Sequential(nn.Linear(3, 3))
    blocks.spectral(network)
    average = blocks.Average(network, decay=0.5)
    network(torch.randn(2, 3)).sum().backward()
    torch.optim.SGD(network.parameters(), lr=1.0).step()
    average.update(network, torch.tensor(0))
    names = {name for name, _ in average.named_parameters()}
    assert names == {"module.0.bias", "module.0.parametrizations.weight.original"}
    assert not torch.equal(average.module[0].weight, network[0].weight)


def test_averaged_weights_are_normalised_by_their_own_largest_singular_value() -> None:
    """Not by the vectors of the newest weights, which may be nearly orthogonal to those of the average."""
    network = nn.Sequential(nn.Linear(8, 8)).double()
    blocks.spectral(network)
    average = blocks.Average(network, decay=0.99)
    original = network[0].parametrizations["weight"].original
    for i in range(300):
        original.data += drawn(8, 8, seed=i)
        network(drawn(2, 8))
        average.update(network, torch.tensor(i))
    average.eval()
    assert largest_singular_value(average.module[0].weight) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("decay", "start"), [(1.0, 0), (-0.1, 0), (0.9, -1), (float("nan"), 0)])
def test_an_average_that_never_moves_is_refused(decay: float, start: int) -> None:
    with pytest.raises(PluginError, match="average"):
        blocks.Average(nn.Linear(1, 1), decay, start)


# -------------------------------------------------------------------------------------------------------- random frames


def test_random_frames_are_different_frames_in_any_order_and_depend_on_their_own_row() -> None:
    clips = torch.arange(5)[:, None, None] * 100 + torch.arange(6)[None, :, None] + torch.zeros(5, 6, 2)
    rows = torch.tensor([3, 1, 4, 1, 5])
    picked = blocks.random_frames(clips, 4, sampling_noise(0, "test", rows), "judged")
    assert picked.shape == (5, 4, 2)
    assert torch.equal(picked[..., 0], picked[..., 1])
    assert torch.equal(picked[..., 0] // 100, torch.arange(5.0)[:, None].expand(5, 4))
    frames = (picked[..., 0] % 100).long()
    # row 3's numbers, smallest first: existing runs draw these
    assert frames[0].tolist() == sampling_noise(0, "test", rows).uniform("judged", 6)[0].argsort()[:4].tolist()
    assert torch.equal(frames[1], frames[3])  # one row of the noise, twice
    alone = blocks.random_frames(clips[2:3], 4, sampling_noise(0, "test", rows[2:3]), "judged")
    assert torch.equal(alone[0], picked[2])


def test_every_ordered_choice_of_frames_is_as_likely_as_every_other() -> None:
    clips = torch.arange(4).expand(6_000, 4)
    first, second = blocks.random_frames(clips, 2, sampling_noise(0, "test", torch.arange(6_000)), "pair").unbind(1)
    counted = torch.bincount(4 * first + second, minlength=16).view(4, 4)
    assert not counted.diagonal().any()
    assert chisquare(counted[~torch.eye(4, dtype=torch.bool)].numpy()).pvalue > 1e-3


# --------------------------------------------------------------------------------------------------------------- labels


def test_labels_have_the_shares_of_the_training_list() -> None:
    clip = Clip(frames=2, size=8, classes=4, class_videos=(10, 0, 25, 15))
    counted = torch.bincount(blocks.Labels(clip)(sampling_noise(0, "test", torch.arange(20_000))), minlength=4)
    assert counted[1] == 0
    assert chisquare(counted[[0, 2, 3]].numpy(), np.array([10, 25, 15]) / 50 * 20_000).pvalue > 1e-3
    for uniform in (blocks.Labels(clip, "uniform"), blocks.Labels(Clip(frames=2, size=8, classes=4))):
        counted = torch.bincount(uniform(sampling_noise(0, "test", torch.arange(20_000))), minlength=4)
        assert chisquare(counted.numpy()).pvalue > 1e-3


def test_a_label_depends_on_its_own_row_and_shares_come_with_the_state() -> None:
    clip = Clip(frames=2, size=8, classes=3, class_videos=(7, 2, 1))
    labels = blocks.Labels(clip)
    ten = labels(sampling_noise(0, "test", torch.arange(10)))
    assert ten.dtype == torch.int64
    assert torch.equal(ten[[7, 2]], labels(sampling_noise(0, "test", torch.tensor([7, 2]))))
    other = blocks.Labels(Clip(frames=2, size=8, classes=3))
    other.load_state_dict(labels.state_dict())
    assert torch.equal(other(sampling_noise(0, "test", torch.arange(10))), ten)
    assert not blocks.Labels(Clip(frames=2, size=8, classes=1))(sampling_noise(0, "test", torch.arange(5))).any()


@pytest.mark.parametrize("videos", [(1, 2), (0, 0, 0), (3, -1, 2)])
def test_counts_that_are_no_counts_are_refused(videos: tuple[int, ...]) -> None:
    with pytest.raises(PluginError, match="class_videos"):
        blocks.Labels(Clip(frames=2, size=8, classes=3, class_videos=videos))
    with pytest.raises(PluginError, match="training-list or uniform"):
        blocks.Labels(Clip(frames=2, size=8, classes=3), "even")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------- norms and attention


def test_conditional_batch_normalisation_is_numpys() -> None:
    block = filled(blocks.ConditionalBatchNorm2d(3, 5))
    x, c = drawn(4, 3, 2, 2), drawn(4, 5, seed=1)
    mean, variance = x.numpy().mean((0, 2, 3), keepdims=True), x.numpy().var((0, 2, 3), keepdims=True)
    scale, shift = (c.numpy() @ layer.weight.detach().numpy().T for layer in (block.scale, block.shift))
    expected = (1 + scale)[..., None, None] * (x.numpy() - mean) / np.sqrt(variance + 1e-5) + shift[..., None, None]
    np.testing.assert_allclose(block(x, c).detach().numpy(), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "axes"), [((2, 16, 3, 4), (2, 3)), ((2, 16, 5, 3, 4), (2,)), ((2, 16, 5, 3, 4), (4,))]
)
def test_attention_is_numpys_position_by_position(shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    block, x = filled(blocks.SelfAttention(16, axes)), drawn(*shape)
    q, k, v, o = (layer.weight.detach().numpy() for layer in (block.query, block.key, block.value, block.out))
    expected = x.numpy().copy()
    others = [axis for axis in range(2, len(shape)) if axis not in axes]
    for place in np.ndindex(shape[0], *(shape[axis] for axis in others)):
        at: list[int | slice] = [place[0], *[slice(None)] * (len(shape) - 1)]
        for axis, index in zip(others, place[1:], strict=True):
            at[axis] = index
        columns = x.numpy()[tuple(at)].reshape(16, -1)
        scores = np.exp((q @ columns).T @ (k @ columns))
        found = o @ ((v @ columns) @ (scores / scores.sum(1, keepdims=True)).T)
        expected[tuple(at)] += block.gamma.item() * found.reshape(expected[tuple(at)].shape)
    np.testing.assert_allclose(block(x).detach().numpy(), expected, atol=1e-10)


def test_attention_with_a_memory_reads_the_first_positions_only() -> None:
    block, x = filled(blocks.SelfAttention(16, (2,))), drawn(2, 16, 5, 3)
    later = torch.cat([x, drawn(2, 16, 4, 3, seed=1)], dim=2)
    longer = block(later, memory=5)
    torch.testing.assert_close(longer[:, :, :5], block(x), atol=1e-12, rtol=0)
    changed = torch.cat([later[:, :, :7], drawn(2, 16, 2, 3, seed=2)], dim=2)
    torch.testing.assert_close(block(changed, memory=5)[:, :, :7], longer[:, :, :7], atol=1e-12, rtol=0)
    assert not torch.allclose(block(later)[:, :, :5], block(x))


def test_many_sequences_are_attended_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v, bias = drawn(7, 2, 3, 4), drawn(7, 2, 5, 4, seed=1), drawn(7, 2, 5, 6, seed=2), drawn(2, 3, 5, seed=3)
    whole = blocks.attend(q, k, v, bias=bias)
    monkeypatch.setattr("vidgen_bench.blocks.attention.MOST_SEQUENCES", 3)
    torch.testing.assert_close(blocks.attend(q, k, v, bias=bias), whole, rtol=0, atol=1e-14)


def test_new_attention_is_the_identity() -> None:
    x = torch.randn(2, 8, 4, 4)
    assert torch.equal(blocks.SelfAttention(8, (2, 3))(x), x)


def test_spectral_normalisation_divides_every_weight_by_its_largest_singular_value() -> None:
    network = nn.ModuleList([nn.Linear(6, 4), nn.Conv2d(3, 5, 3), nn.Conv3d(2, 4, 3), nn.Embedding(7, 3)]).double()
    for layer in network:
        layer.weight.data = drawn(*layer.weight.shape)
    given = [layer.weight.detach().clone() for layer in network]
    blocks.spectral(network)
    for layer, weight in zip(network, given, strict=True):
        for _ in range(300):
            layer.weight  # noqa: B018  (each use in training mode is a step of the power method)
        torch.testing.assert_close(layer.weight.detach(), weight / largest_singular_value(weight), rtol=1e-6, atol=1e-9)
        assert largest_singular_value(layer.weight) == pytest.approx(1.0, abs=1e-6)
    network.eval()
    assert torch.equal(network[0].weight, network[0].weight)


def test_a_network_without_numbers_takes_no_steps_of_the_power_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the meta device, where a plan counts parameters, each step would take tens of milliseconds."""
    monkeypatch.setattr(torch, "mv", lambda *args: pytest.fail("a step"))
    with torch.device("meta"):
        network = nn.Sequential(nn.Linear(6, 4), nn.Conv2d(3, 5, 3))
        blocks.spectral(network)
    assert as_numbers(network) == 6 * 4 + 4 + 5 * 27 + 5


def test_orthogonal_weights_have_singular_values_of_one_and_biases_of_zero() -> None:
    network = nn.ModuleList([nn.Linear(6, 4), nn.Conv2d(3, 5, 3), nn.Conv3d(2, 4, 3), nn.Embedding(3, 7)])
    blocks.orthogonal(network)
    for layer in network:
        values = np.linalg.svd(layer.weight.detach().flatten(1).numpy(), compute_uv=False)
        np.testing.assert_allclose(values, 1.0, atol=1e-5)
        assert getattr(layer, "bias", None) is None or not layer.bias.any()


# ------------------------------------------------------------------------------------------------------ convolutional GRU


def convolved(layer: nn.Conv2d, maps: np.ndarray) -> np.ndarray:
    """A 3x3 convolution of [N, C, H, W] with a border of zeros, one product at a time."""
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    found = np.stack(
        [[sum(correlate2d(m, k, "same") for m, k in zip(x, kernels, strict=True)) for kernels in weight] for x in maps]
    )
    return found + bias[:, None, None]


def test_the_convolutional_gru_is_numpys() -> None:
    cell, x, h = filled(blocks.ConvGRUCell(2)), drawn(3, 2, 4, 5), drawn(3, 2, 4, 5, seed=1)
    for state in (h, None):
        old = np.zeros(x.shape) if state is None else h.numpy()
        gates = 1 / (1 + np.exp(-convolved(cell.gates, np.concatenate([x.numpy(), old], axis=1))))
        reset, update = gates[:, :2], gates[:, 2:]
        new = np.tanh(convolved(cell.candidate, np.concatenate([x.numpy(), reset * old], axis=1)))
        expected = (1 - update) * old + update * new
        np.testing.assert_allclose(cell(x, state).detach().numpy(), expected, atol=1e-12)


# ------------------------------------------------------------------------------------------------------ residual blocks


def as_numbers(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_a_block_up_is_its_equation_and_doubles_the_map() -> None:
    block, x, c = filled(blocks.ResidualUp(4, 3, 5, up=True)), drawn(2, 4, 3, 3), drawn(2, 5, seed=1)
    twice = nn.Upsample(scale_factor=2, mode="nearest")
    inner = block.first(twice(block.first_norm(x, c).relu()))
    expected = block.second(block.second_norm(inner, c).relu()) + block.skip(twice(x))  # the sum in the paper's order
    torch.testing.assert_close(block(x, c), expected, rtol=0, atol=1e-12)
    assert block(x, c).shape == (2, 3, 6, 6)
    assert blocks.ResidualUp(4, 4, 5, up=False)(x.float(), c.float()).shape == (2, 4, 3, 3)
    assert as_numbers(block) == 2 * 4 * 5 + (4 * 9 + 1) * 3 + 2 * 3 * 5 + (3 * 9 + 1) * 3 + (4 + 1) * 3


def test_a_block_down_is_its_equation_and_halves_the_map() -> None:
    for dims, shape, half in ((2, (2, 4, 6, 6), (2, 3, 3, 3)), (3, (2, 4, 4, 6, 6), (2, 3, 2, 3, 3))):
        pool = nn.AvgPool2d(2) if dims == 2 else nn.AvgPool3d(2)
        for first in (False, True):
            block = filled(blocks.ResidualDown(4, 3, dims=dims, down=True, first=first))  # type: ignore[arg-type]
            x = drawn(*shape)
            inner = block.second(block.first(x if first else x.relu()).relu())
            torch.testing.assert_close(block(x), pool(inner) + pool(block.skip(x)), rtol=0, atol=1e-12)
            assert block(x).shape == half
    block = filled(blocks.ResidualDown(4, 4, dims=3, down=True))
    block.second.weight.data.zero_()
    block.second.bias.data.zero_()
    clips = drawn(2, 4, 5, 6, 6)
    means = nn.AvgPool3d((1, 2, 2))(clips)
    assert torch.equal(block(clips)[:, :, 2], means[:, :, 4])  # of an odd number, the last frame stays alone
    torch.testing.assert_close(block(clips)[:, :, 1], means[:, :, 2:4].mean(2), rtol=0, atol=1e-14)
    assert block(clips[:, :, :1]).shape == (2, 4, 1, 3, 3)  # a single frame stays


def test_the_hinge_loss_by_hand() -> None:
    scores = torch.tensor([-2.0, 0.5, 3.0])
    assert float(blocks.hinge_real(scores)) == pytest.approx((3.0 + 0.5 + 0.0) / 3)
    assert float(blocks.hinge_fake(scores)) == pytest.approx((0.0 + 1.5 + 4.0) / 3)
    assert float(blocks.hinge_generator(scores)) == pytest.approx(-0.5)
