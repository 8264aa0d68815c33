"""The grammar of specs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidgen_bench.config.spec import Spec, parse
from vidgen_bench.errors import RequestError

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,12}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("tgan", Spec("tgan")),
        ("tgan+ode1", Spec("tgan", "ode1")),
        ("tgan+ode1:equal", Spec("tgan", "ode1", "equal")),
        ("tgan:equal", Spec("tgan", None, "equal")),
        (" dvd-gan_v2.1+sde \n", Spec("dvd-gan_v2.1", "sde")),
    ],
)
def test_parts(text: str, spec: Spec) -> None:
    assert parse(text) == spec
    assert str(spec) == text.strip()


@given(NAMES, st.none() | NAMES, st.none() | NAMES)
def test_what_is_printed_is_read_back(backbone: str, temporal: str | None, variant: str | None) -> None:
    spec = Spec(backbone, temporal, variant)
    assert parse(str(spec)) == spec


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "tgan+",
        "+ode1",
        "tgan+ode1:",
        "tgan++ode1",
        "tgan+ode1+sde",
        "tgan:a:b",
        "TGAN",
        "tgan+../x",
        "tgan ode1",
        "a/b",
    ],
)
def test_what_is_no_spec_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(RequestError, match=r"expected backbone, backbone\+temporal or") as caught:
        parse(text)
    assert repr(text) in str(caught.value)
    assert caught.value.exit_code == 2
