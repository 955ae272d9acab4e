"""Losses against their formulas, number by number."""

import math

import pytest
import torch

from vectorae.losses import BCE, L1, MSE, Loss

FORMULAS = {
    MSE: lambda d, i: (d - i) ** 2,
    L1: lambda d, i: abs(d - i),
    BCE: lambda d, i: -(i * math.log(d) + (1 - i) * math.log(1 - d)),
}


@pytest.mark.parametrize("kind", FORMULAS)
def test_values(kind: type[Loss]) -> None:
    drawing, image = torch.rand(2, 2, 3, 5, 4, generator=torch.Generator().manual_seed(0)).double()
    pairs = zip(drawing.flatten().tolist(), image.flatten().tolist(), strict=True)
    expected = sum(FORMULAS[kind](*pair) for pair in pairs) / drawing.numel()
    assert float(kind()(drawing, image)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", FORMULAS)
def test_a_perfect_drawing_costs_nothing_and_a_wrong_one_a_finite_amount(kind: type[Loss]) -> None:
    ink = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
    assert float(kind()(ink, ink)) == pytest.approx(0, abs=1e-5)
    drawing = (1 - ink).requires_grad_()
    loss = kind()(drawing, ink)
    loss.backward()
    assert 0.9 < loss.item() < 20
    assert drawing.grad is not None
    assert drawing.grad.isfinite().all()


def test_cross_entropy_bears_rounding_and_half_precision() -> None:
    drawing, image = torch.tensor([1.0000001, -1e-8]).view(1, 1, 1, 2), torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    assert float(BCE()(drawing, image)) < 1e-5
    with torch.autocast("cpu", torch.bfloat16):
        assert float(BCE()(drawing, image.bfloat16())) < 1e-5
