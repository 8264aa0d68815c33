"""Noise: draws do not depend on the batch, the number of processes or of columns; known answers; refusals."""

from __future__ import annotations

import pytest
import torch

from vidgen_bench.errors import PluginError
from vidgen_bench.noise import GivenNoise, Noise, fnv1a, key_of, keys_of, random_bits, sampling_noise, training_noise

KEY = torch.tensor(key_of(0, "generator", 3))
MASK = (1 << 64) - 1


def splitmix64(state: int, gamma: int = 0x9E3779B97F4A7C15) -> int:
    """The next output of SplitMix64 from a state, in Python integers, from the paper's figure."""
    z = (state + gamma) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_fnv1a_known_answers() -> None:
    assert fnv1a("") == 0xCBF29CE484222325
    assert fnv1a("a") == 0xAF63DC4C8601EC8C
    assert fnv1a("foobar") == 0x85944171F73967E8


def test_the_reference_splitmix64_of_this_test_gives_the_published_sequence() -> None:
    state, outputs = 1234567, []
    for _ in range(3):
        outputs.append(splitmix64(state))
        state = (state + 0x9E3779B97F4A7C15) & MASK
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_columns_are_the_splitmix64_sequence_from_the_row_start() -> None:
    rows = torch.tensor([0, 1, 2**40])
    bits = random_bits(KEY, "z", rows, 5)
    gamma = 0x9E3779B97F4A7C15
    for i, row in enumerate(rows.tolist()):
        named = splitmix64((int(KEY) + fnv1a("z")) & MASK, 0)
        start = splitmix64((named + gamma * row) & MASK)
        for column in range(5):
            expected = splitmix64((start + gamma * column) & MASK)
            assert int(bits[i, column]) & MASK == expected


def test_known_answers() -> None:
    """Pinned: if these numbers change, no earlier record can be reproduced."""
    assert key_of(0) == KNOWN["key_of(0)"]
    assert key_of(7, "generator", 41) == KNOWN["key_of(7, generator, 41)"]
    noise = sampling_noise(0, "final", torch.tensor([0, 1, 1000]))
    torch.testing.assert_close(noise.uniform("z", 2), torch.tensor(KNOWN["uniform"]), atol=0, rtol=0)
    torch.testing.assert_close(noise.normal("z", 2), torch.tensor(KNOWN["normal"]), atol=1e-6, rtol=0)
    assert noise.integers("class", 101).tolist() == KNOWN["integers"]
    assert noise.shared("offset", 4).item() == KNOWN["shared"]


KNOWN: dict = {
    "key_of(0)": -2152535657050944081,
    "key_of(7, generator, 41)": -7083150678672372891,
    "uniform": [
        [0.8804376721382141, 0.36226457357406616],
        [0.07496625185012817, 0.6151493191719055],
        [0.1194111704826355, 0.08744949102401733],
    ],
    "normal": [[0.4249346, 1.4243762], [-0.0251691, -0.0759954], [1.1089721, -2.0787258]],
    "integers": [55, 65, 20],
    "shared": 1,
}


@pytest.mark.parametrize("draw", ["uniform", "normal"])
def test_a_row_does_not_depend_on_its_batch(draw: str) -> None:
    whole = getattr(sampling_noise(1, "final", torch.arange(50)), draw)("z", 7)
    for rows in ([3], [49, 0, 17], list(range(20, 30))):
        part = getattr(sampling_noise(1, "final", torch.tensor(rows)), draw)("z", 7)
        assert torch.equal(part, whole[rows])


@pytest.mark.parametrize("draw", ["uniform", "normal"])
def test_more_leading_columns_keep_the_first_ones(draw: str) -> None:
    noise = training_noise(KEY, 4)
    long = getattr(noise, draw)("drive", 40, 3, 2)
    assert long.shape == (4, 40, 3, 2)
    assert torch.equal(getattr(noise, draw)("drive", 16, 3, 2), long[:, :16])


@pytest.mark.parametrize("world", [2, 3, 6])
def test_processes_together_draw_what_one_draws(world: int) -> None:
    one = training_noise(KEY, 12)
    ranks = [training_noise(KEY, 12, rank, world) for rank in range(world)]
    assert torch.equal(torch.cat([n.normal("z", 5) for n in ranks]), one.normal("z", 5))
    assert torch.equal(torch.cat([n.integers("class", 9) for n in ranks]), one.integers("class", 9))
    assert torch.equal(torch.cat([n.sized(18).uniform("z", 5) for n in ranks]), one.sized(18).uniform("z", 5))
    assert {n.shared("offset", 1000).item() for n in ranks} == {one.shared("offset", 1000).item()}


def test_key_name_seed_and_purpose_each_change_the_draws() -> None:
    rows = torch.arange(4)
    reference = sampling_noise(0, "final", rows)
    draws = [
        reference.uniform("z", 3),
        reference.uniform("w", 3),
        sampling_noise(1, "final", rows).uniform("z", 3),
        sampling_noise(0, "trace", rows).uniform("z", 3),
        training_noise(KEY, 4).uniform("z", 3),
    ]
    for i, a in enumerate(draws):
        assert not any(torch.isin(a, b).any() for b in draws[i + 1 :])


def test_keys_of_neighbouring_seeds_and_positions_differ() -> None:
    keys = {key_of(seed, player, turn) for seed in range(20) for player in ("d", "g") for turn in range(50)}
    assert len(keys) == 20 * 2 * 50
    assert key_of(1, 23) != key_of(12, 3)
    assert key_of("ab", "c") != key_of("a", "bc")


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    noise = training_noise(KEY, 4)
    drawn = [noise.normal("a", 3), noise.uniform("b"), noise.integers("c", 5), noise.shared("d", 5)]
    assert len(drawn) == 4
    assert torch.equal(before, torch.get_rng_state())


def test_shapes() -> None:
    noise = training_noise(KEY, 4)
    assert noise.normal("a").shape == (4,)
    assert noise.uniform("a", 2, 3).shape == (4, 2, 3)
    assert noise.integers("a", 3).shape == (4,)
    assert noise.shared("a", 3).shape == ()


def test_resizing_is_refused_while_sampling_and_where_processes_do_not_divide() -> None:
    with pytest.raises(PluginError, match="while sampling"):
        sampling_noise(0, "final", torch.arange(4)).sized(8)
    with pytest.raises(PluginError, match="must divide"):
        training_noise(KEY, 4, 0, 2).sized(5)


def test_given_noise_returns_its_table_and_names_what_is_missing() -> None:
    table = {"drive": torch.randn(2, 10, 3), "pick": torch.tensor([1, 0])}
    given = GivenNoise(table)
    assert torch.equal(given.normal("drive", 4, 3), table["drive"][:, :4])
    assert torch.equal(given.integers("pick", 2), table["pick"])
    with pytest.raises(PluginError, match=r"no noise named 'z'.*drive, pick"):
        given.uniform("z", 3)


@pytest.mark.slow
def test_noise_compiles_whole() -> None:
    def draw(key: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return Noise(key, rows).normal("z", 4, 2)

    rows = torch.arange(3)
    compiled = torch.compile(draw, fullgraph=True, backend="eager")
    assert torch.equal(compiled(KEY, rows), draw(KEY, rows))


def test_keys_of_many_positions_are_those_of_each() -> None:
    positions = [0, 1, 63, 64, 100_000, 2**40]
    keys = keys_of((3, "train", "discriminator"), torch.tensor(positions))
    assert keys.tolist() == [key_of(3, "train", "discriminator", p) for p in positions]


def test_bits_under_several_keys_are_those_under_each() -> None:
    keys, rows = torch.tensor([5, -7]), torch.arange(3)
    together = random_bits(keys[:, None], "x", rows, 4)
    assert torch.equal(together, torch.stack([random_bits(key, "x", rows, 4) for key in keys]))
