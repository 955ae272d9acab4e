"""Regions that several contours enclose together, by either fill rule."""

import math

import pytest
import torch
from helpers.polygons import closed, grid, random, to_outline, winding
from torch import Tensor

from vectorae.geometry.covered_area import covered_area
from vectorae.geometry.region import Contours, area_and_perimeter, boundary, is_inside
from vectorae.geometry.segment import nearest_segment_distance

SIDE = 12
PIXEL = 1 / SIDE


def ring_of(*radii: float, sides: int = 24) -> list[Tensor]:
    """Regular polygons around the middle, ``[sides, 2]`` each; with a negative radius counter-clockwise."""
    turn = torch.arange(sides, dtype=torch.float64) * 2 * math.pi / sides
    return [
        0.5 + abs(radius) * torch.stack([turn.cos(), math.copysign(1, radius) * turn.sin()], dim=-1) for radius in radii
    ]


@pytest.mark.parametrize("even_odd", [False, True])
@pytest.mark.parametrize("counts", [(3, 3), (4, 7), (5, 3, 6), (1, 2, 5)])
def test_contours_together_enclose_what_their_fill_rule_says(counts: tuple[int, ...], even_odd: bool) -> None:
    x, y = 1.4 * random(31, seed=1) - 0.2, 1.4 * random(23, seed=2) - 0.2
    points = grid(x, y)
    for seed in range(4):
        contours = [1.2 * random(count, 2, seed=10 * seed + number) - 0.1 for number, count in enumerate(counts)]
        region = boundary(*(closed(one)[None] for one in contours), even_odd=even_odd)
        turns = torch.stack([winding(points, one) for one in contours]).sum(0)
        clear = torch.stack([to_outline(points, one) for one in contours]).amin(0) > 2e-6
        expected = turns % 2 != 0 if even_odd else turns != 0
        assert torch.equal(is_inside(x, y, region)[0][clear], expected[clear])
        covered = covered_area(region, SIDE, SIDE, PIXEL)[0]
        area, _ = area_and_perimeter(region)
        inside = points_inside(contours, even_odd)
        torch.testing.assert_close(covered, inside, atol=0.06, rtol=0)
        assert (covered - inside).square().mean().sqrt() < 0.012
        within = torch.cat(contours).aminmax(dim=0)
        if within.min.min() >= 0 and within.max.max() <= 1:
            assert float(covered.sum() * PIXEL**2) == pytest.approx(float(area), abs=1e-9)


def points_inside(contours: list[Tensor], even_odd: bool, fine: int = 16) -> Tensor:
    """The part of fine × fine points in each pixel that contours enclose, ``[SIDE, SIDE]``."""
    axis = (torch.arange(SIDE * fine, dtype=torch.float64) + 0.5) / (SIDE * fine)
    turns = torch.stack([winding(grid(axis, axis), one) for one in contours]).sum(0)
    inside = (turns % 2 != 0 if even_odd else turns != 0).double()
    return torch.nn.functional.avg_pool2d(inside[None], fine)[0]


@pytest.mark.parametrize(
    ("radii", "even_odd", "holes"),
    [((0.4, 0.2), True, 1), ((0.4, -0.2), False, 1), ((0.4, 0.2), False, 0), ((0.4, 0.2, 0.1), True, 1)],
)
def test_the_distance_to_a_ring_knows_its_hole(radii: tuple[float, ...], even_odd: bool, holes: int) -> None:
    region = boundary(*(closed(one)[None] for one in ring_of(*radii)), even_odd=even_odd)
    middle = torch.tensor([0.5], dtype=torch.float64)
    distance = nearest_segment_distance(middle, middle, region.starts, region.ends, region.present)
    nearest = [abs(radius) for radius in radii] if holes else [0.4]
    assert float(distance) == pytest.approx(min(nearest) * math.cos(math.pi / 24), abs=1e-6)
    assert bool(is_inside(middle, middle, region)) == (not holes or len(radii) == 3)
    area, perimeter = area_and_perimeter(region)
    sides = sum(2 * 24 * radius * math.sin(math.pi / 24) for radius in nearest)
    assert float(perimeter) == pytest.approx(sides, abs=1e-5)
    signs = [1, -1, 1] if holes else [1]
    discs = sum(sign * 12 * radius**2 * math.sin(math.pi / 12) for sign, radius in zip(signs, nearest, strict=False))
    assert float(area) == pytest.approx(discs, abs=1e-5)


def test_contours_that_coincide_cancel_each_other_or_count_once() -> None:
    (one,) = ring_of(0.3)
    for even_odd, expected in ((True, 0.0), (False, 12 * 0.09 * math.sin(math.pi / 12))):
        area, _ = area_and_perimeter(boundary(closed(one)[None], closed(one)[None], even_odd=even_odd))
        assert float(area) == pytest.approx(expected, abs=1e-5)


def test_the_number_of_pieces_depends_on_how_far_they_are_apart() -> None:
    square = torch.tensor([[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.1]])
    beside, within = square + torch.tensor([0.5, 0.0]), square / 2 + 0.02
    reach = torch.tensor([[0.001, 100.0]])
    for others, expected in (([beside], [[2.0, 1.0]]), ([within], [[1.0, 1.0]]), ([beside * 0, beside], [[1.0, 1.0]])):
        points = torch.cat([square, *others])
        contours = Contours(points.expand(1, 2, -1, 2), degree=1, sizes=(4,) * (1 + len(others)))
        torch.testing.assert_close(contours.pieces(reach), torch.tensor(expected), atol=0.01, rtol=0)
