"""Stroked paths that the CPU's kernels pack, compared with those that torch packs: values and gradients."""

import pytest
import torch
from helpers.scenes import leaves_of
from torch import Tensor

from vectorae import Group, Path, Scene
from vectorae.rasterizer import PROFILES
from vectorae.rasterizer.cpu.stroke_packing import pack_stroke
from vectorae.rasterizer.packing import PackedPart, PackStroke
from vectorae.rasterizer.packing import pack_stroke as reference

PIXEL, SOFTNESS = 1 / 64, 0.02

PATHS = {
    "line": (2, False, 1),
    "polyline": (5, False, 1),
    "dot": (1, False, 1),
    "triangle": (3, True, 1),
    "cubic": (4, False, 3),
    "cubics": (10, False, 3),
    "blob": (6, True, 3),
}
"""Number of points, closed, degree."""


def random(*shape: int, seed: int = 0) -> Tensor:
    """Uniform in [0, 1], float64."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def scene_of(name: str, slots: tuple[int, ...] = (2, 0, 3)) -> Scene:
    """Three drawings of five shapes, of which these slots are strokes; short and long ones, and one without length."""
    count, closed, degree = PATHS[name]
    points = random(3, len(slots), 1, 2) + 10 ** (1 - 4 * random(3, len(slots), 1, 1)) * random(
        3, len(slots), count, 2, seed=1
    )
    points[1, 1] = points[1, 1, :1]
    rest = tuple(slot for slot in range(5) if slot not in slots)
    strokes = Group(Path(points, closed, degree), slots, 0.1 * random(3, len(slots), seed=2))
    others = Group(Path(random(3, len(rest), 2, 2, seed=3)), rest, random(3, len(rest), seed=4))
    return Scene((strokes, others), random(3, 5, 3), random(3, 5, seed=5), 0.1 + random(3, 5, seed=6), random(3, 3))


def packed_by(packer: PackStroke, scene: Scene, coverage: str) -> tuple[PackedPart, list[Tensor]]:
    """The strokes packed, and a gradient of each of the scene's tensors: one that repeated vertices do not change."""
    given, leaves = leaves_of(scene)
    part = packer(given.groups[0], given, SOFTNESS * given.softness, coverage, PIXEL, None)
    assert part.vertices is not None
    along, middle = part.vertices.diff(dim=2), (part.vertices[:, :, 1:] + part.vertices[:, :, :-1]) / 2
    cotangent = random(*part.numbers.shape, seed=7).to(part.numbers) - 0.5
    total = (part.numbers * cotangent).sum() + (along.square().sum(-1) * (3 * middle.sum(-1)).sin()).sum()
    gradients = torch.autograd.grad(total, leaves, allow_unused=True)
    return part, [
        torch.zeros_like(one) if found is None else found for one, found in zip(leaves, gradients, strict=True)
    ]


def distinct(vertices: Tensor) -> Tensor:
    """The vertices ``[V, 2]`` of a polyline, each that is repeated once."""
    moves = (vertices.diff(dim=0) != 0).any(-1)
    return vertices[torch.cat([moves.new_ones(1), moves])]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize("name", PATHS)
def test_strokes_are_packed_alike(name: str, coverage: str, dtype: torch.dtype) -> None:
    scene = scene_of(name).to(dtype)
    expected, gradients = packed_by(reference, scene, coverage)
    part, found = packed_by(pack_stroke, scene, coverage)
    assert (part.kinds, part.slots) == (expected.kinds, expected.slots)
    assert part.vertices is not None and expected.vertices is not None and isinstance(part.size, Tensor)
    # To torch each vertex that it repeats adds the rounding error of 1 to the length.
    atol, rtol = (1e-13, 1e-10) if dtype == torch.float64 else (2e-4, 1e-3)
    torch.testing.assert_close(part.numbers, expected.numbers, atol=atol, rtol=rtol)
    for vertices, size, others in zip(
        part.vertices.flatten(0, 1), part.size.flatten(), expected.vertices.flatten(0, 1), strict=True
    ):
        torch.testing.assert_close(distinct(vertices[:size]), distinct(others), atol=atol, rtol=rtol)
        assert size == 2 or (vertices[size:] == vertices[size - 1]).all()
    for one, other in zip(found, gradients, strict=True):
        torch.testing.assert_close(one, other, atol=atol * (1 + float(other.abs().max())), rtol=rtol)


def test_strokes_of_several_contours_are_left_to_torch() -> None:
    path = Path(random(2, 1, 5, 2), (False, False), sizes=(2, 3))
    group = Group(path, (0,), random(2, 1))
    scene = Scene((group,), random(2, 1, 3), random(2, 1), random(2, 1), random(2, 3))
    part = pack_stroke(group, scene, scene.softness, "sigmoid", PIXEL)
    assert part.vertices is not None and part.vertices.shape == (2, 1, 6, 2)


def test_there_may_be_no_drawings() -> None:
    scene = scene_of("cubic")[:0]
    part = pack_stroke(scene.groups[0], scene, scene.softness, "sigmoid", PIXEL)
    assert part.numbers.shape == (0, 3, 11)
