"""A run continues with the settings that it began with."""

import pytest

from vectorae.config.resume import check_resumed_settings
from vectorae.errors import UserError


def test_the_same_settings_in_any_order() -> None:
    check_resumed_settings("a.ckpt", {"seed": 0, "loss.weight": 1.0}, {"loss.weight": 1.0, "seed": 0})


@pytest.mark.parametrize(
    ("now", "difference"),
    [
        ({"seed": 1, "size": 2}, "seed=0 and this run has seed=1"),
        ({"seed": 0}, "size=2 and this run has size=None"),
        ({"seed": 0, "size": 2, "init": "a.svg"}, "init=None and this run has init=a.svg"),
    ],
)
def test_what_differs_is_named_with_both_values(now: dict[str, object], difference: str) -> None:
    with pytest.raises(UserError) as refused:
        check_resumed_settings("a.ckpt", {"seed": 0, "size": 2}, now)
    rest = "give it the same settings, or start without resume"
    assert str(refused.value) == f"resume: a.ckpt was made with {difference}; {rest}"


def test_free_keys_may_differ_or_be_new() -> None:
    check_resumed_settings("a.ckpt", {"seed": 0, "device": "cpu"}, {"seed": 0, "scale": 2}, ("device", "scale"))
