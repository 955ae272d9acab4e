"""The learning rate in the course of a run, and the optimizer it is given to."""

import math

import pytest
import torch
from torch import nn

from vectorae import UserError
from vectorae.training.optimizer import AdamW


def test_the_rate_rises_in_a_line() -> None:
    settings = AdamW(lr=0.5, warmup=0.2)
    for progress in (0.05, 0.1, 0.15):
        assert settings.rate(progress) == pytest.approx(0.5 * progress / 0.2)
    assert 0 < settings.rate(0.0) <= 0.5 * 1e-3


def test_the_rate_falls_along_a_cosine() -> None:
    settings = AdamW(lr=0.5, warmup=0.2, final=0.1)
    assert settings.rate(0.2) == pytest.approx(0.5)
    assert settings.rate(0.6) == pytest.approx(0.5 * (0.1 + 1) / 2)
    assert settings.rate(1.0) == pytest.approx(0.05)
    assert settings.rate(2.0) == pytest.approx(0.05)
    third = 0.2 + 0.8 / 3
    assert settings.rate(third) == pytest.approx(0.5 * (0.1 + 0.9 * (1 + math.cos(math.pi / 3)) / 2))


def test_without_warm_up() -> None:
    assert AdamW(lr=0.5, warmup=0.0).rate(0.0) == pytest.approx(0.5)
    assert AdamW(lr=0.5, warmup=0.0, final=1.0).rate(0.7) == pytest.approx(0.5)


def test_one_step_is_adamw() -> None:
    """Decoupled weight decay, and a first step of the length lr whatever the gradient."""
    weight = nn.Parameter(torch.tensor([2.0, -3.0]))
    optimizer = AdamW(lr=0.1, weight_decay=0.5, beta1=0.8, beta2=0.95).build([weight])
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.95)
    weight.grad = torch.tensor([0.3, -40.0])
    optimizer.step()
    expected = torch.tensor([2.0 * (1 - 0.05) - 0.1, -3.0 * (1 - 0.05) + 0.1])
    torch.testing.assert_close(weight.data, expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", 0.0),
        ("lr", -1.0),
        ("lr", math.nan),
        ("weight_decay", -0.1),
        ("warmup", 1.0),
        ("warmup", -0.1),
        ("final", 1.1),
        ("final", -0.1),
        ("beta1", 1.0),
        ("beta2", -0.5),
    ],
)
def test_mistakes_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"^{name} must be a number .*, got {value}$"):
        AdamW(**{name: value})
