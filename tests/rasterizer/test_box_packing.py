"""Boxes that the CPU's kernels pack, compared with those that torch packs: values and gradients."""

from dataclasses import replace

import pytest
import torch
from helpers.scenes import leaves_of
from torch import Tensor
from torch.autograd import gradcheck

from vectorae import Group, Path, RoundedBox, Scene
from vectorae.rasterizer import PROFILES
from vectorae.rasterizer.cpu.box_packing import pack_boxes
from vectorae.rasterizer.packing import PackBoxes, Packed, pack
from vectorae.rasterizer.packing import pack_boxes as reference

SIDE = 32
SOFTNESS = 0.02

SPECIAL_SIZES = 0.0, 1e-9, 1e-4, SOFTNESS, 0.3, 40.0, 1e6
"""Half extents from none to very much larger than the soft edge and the pixel."""


def random(*shape: int, seed: int = 0) -> Tensor:
    """Uniform in [0, 1], float64."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def boxes(batch: int, slots: tuple[int, ...], stroked: bool, seed: int = 0) -> Group:
    """Boxes of all sizes, some with sides of one length, some of them rectangles and some ellipses."""
    shape = batch, len(slots)
    extents = 10 ** (-3 + 3 * random(*shape, 2, seed=seed))
    extents[:, ::3] = extents[:, ::3, :1]
    roundness = random(*shape, seed=seed + 1)
    roundness[:, 1::4], roundness[:, 2::4] = 0, 1
    outline = RoundedBox(random(*shape, 2, seed=seed + 2), extents, 9 * random(*shape, seed=seed + 3) - 4, roundness)
    return Group(outline, slots, 0.1 * random(*shape, seed=seed + 4) if stroked else None)


def resized(group: Group, half_extents: Tensor, roundness: float) -> Group:
    """The boxes with other sides, and one roundness for all."""
    assert isinstance(group.outline, RoundedBox)
    same = torch.full_like(half_extents[..., 0], roundness)
    return replace(group, outline=replace(group.outline, half_extents=half_extents, roundness=same))


def scene_of(*groups: Group) -> Scene:
    """A scene of these groups, float64."""
    batch, count = len(groups[0].bounds().angle), sum(len(group.slots) for group in groups)
    softness = 10 ** (2 * random(batch, count, seed=9) - 1)
    return Scene(groups, random(batch, count, 3), random(batch, count, seed=8), softness, random(batch, 3))


def packed_by(packer: PackBoxes, scene: Scene, coverage: str) -> tuple[Packed, list[Tensor]]:
    """The scene packed, and a gradient of each of its tensors."""
    given, leaves = leaves_of(scene)
    packed = pack(given, SOFTNESS * given.softness, coverage, SIDE, box_packer=packer)
    cotangent = random(*packed.numbers.shape, seed=7).to(packed.numbers) - 0.5
    gradients = torch.autograd.grad((packed.numbers * cotangent).sum(), leaves, allow_unused=True)
    return packed, [
        torch.zeros_like(one) if found is None else found for one, found in zip(leaves, gradients, strict=True)
    ]


def assert_packed_alike(scene: Scene, coverage: str) -> None:
    expected, gradients = packed_by(reference, scene, coverage)
    packed, found = packed_by(pack_boxes, scene, coverage)
    atol, rtol = (1e-13, 1e-10) if scene.color.dtype == torch.float64 else (1e-6, 1e-5)
    assert packed.present == expected.present and packed.subpixels == expected.subpixels
    for name in ("kinds", "first", "size", "order"):
        assert torch.equal(getattr(packed, name), getattr(expected, name)), name
    for name in ("numbers", "blend"):
        torch.testing.assert_close(getattr(packed, name), getattr(expected, name), atol=atol, rtol=rtol, msg=name)
    assert not packed.blend.requires_grad
    for one, other in zip(found, gradients, strict=True):
        scale = float(other.abs().max()) if other.numel() else 0.0
        torch.testing.assert_close(one, other, atol=atol * (1 + scale), rtol=rtol)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize("stroked", [(False,), (True,), (True, False), (False, True, False)])
def test_boxes_are_packed_alike(stroked: tuple[bool, ...], coverage: str, dtype: torch.dtype) -> None:
    """Groups whose slots are interleaved, filled and stroked ones in turn."""
    count = 8 * len(stroked)
    groups = (boxes(3, tuple(range(at, count, len(stroked)))[::-1], one, at) for at, one in enumerate(stroked))
    assert_packed_alike(scene_of(*groups).to(dtype), coverage)


@pytest.mark.parametrize("coverage", PROFILES)
def test_boxes_among_paths_are_packed_alike(coverage: str) -> None:
    line, triangle = Path(random(2, 2, 3, 2)), Path(random(2, 2, 3, 2, seed=1), closed=True)
    paths = Group(line, (1, 6), 0.1 * random(2, 2)), Group(triangle, (3, 0))
    assert_packed_alike(scene_of(boxes(2, (5, 2), True), *paths, boxes(2, (4, 7), False, 5)), coverage)


@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize("stroked", [False, True])
@pytest.mark.parametrize("roundness", [0.0, 1e-6, 1.0])
def test_boxes_of_any_size_are_packed_alike(roundness: float, stroked: bool, coverage: str) -> None:
    """Every pair of sides, so also those that are equal, which share a gradient."""
    sides = torch.tensor(SPECIAL_SIZES, dtype=torch.float64)
    extents = torch.cartesian_prod(sides, sides)[None]
    scene = scene_of(resized(boxes(1, tuple(range(extents.shape[1])), stroked), extents, roundness))
    for softness in (1e-7, 1.0, 1e7):
        assert_packed_alike(replace(scene, softness=torch.full_like(scene.softness, softness)), coverage)


@pytest.mark.parametrize("coverage", ["gaussian", "sigmoid", "ramp"])
@pytest.mark.parametrize("stroked", [False, True])
def test_gradients_are_exact(stroked: bool, coverage: str) -> None:
    """Where the corners blend into sharp ones too."""
    extents = torch.tensor([[[0.004, 0.003]]], dtype=torch.float64)
    scene = scene_of(resized(boxes(1, (0,), stroked), extents, 0.6))
    _, leaves = leaves_of(scene)

    def numbers(*tensors: Tensor) -> Tensor:
        given = iter(tensors)
        one = scene.map(lambda _: next(given))
        (part,) = pack_boxes(one.groups, one, SOFTNESS * one.softness, coverage, 1 / SIDE)
        return part.numbers

    assert gradcheck(numbers, leaves, eps=1e-7)


@pytest.mark.parametrize("stroked", [False, True])
def test_inputs_may_be_views_and_without_gradient(stroked: bool) -> None:
    """Expanded tensors, columns of larger ones, and every choice of one tensor that has a gradient."""
    group = boxes(4, (2, 0, 1), stroked)
    box = group.outline
    assert isinstance(box, RoundedBox)
    outline = RoundedBox(
        center=torch.stack([box.center, box.center], dim=-1)[..., 0],
        half_extents=box.half_extents[:1].expand(4, -1, -1),
        angle=box.angle.T.contiguous().T,
        roundness=torch.tensor(0.5, dtype=torch.float64).expand(4, 3),
    )
    width = group.stroke_width[:, :1].expand(-1, 3) if group.stroke_width is not None else None
    scene = replace(scene_of(group), groups=(Group(outline, group.slots, width),))
    scene = replace(scene, opacity=scene.opacity[:, :1].expand(-1, 3))
    assert not all(tensor.is_contiguous() for tensor in leaves_of(scene)[1])
    assert_packed_alike(scene, "sigmoid")
    _, gradients = packed_by(pack_boxes, scene, "sigmoid")
    for chosen, expected in enumerate(gradients):
        tensors: list[Tensor] = []

        def choose(tensor: Tensor, chosen: int = chosen, tensors: list[Tensor] = tensors) -> Tensor:
            tensors.append(tensor.clone().requires_grad_(len(tensors) == chosen))
            return tensors[-1]

        given = scene.map(choose)
        packed = pack(given, SOFTNESS * given.softness, "sigmoid", SIDE, box_packer=pack_boxes)
        if packed.numbers.requires_grad:
            cotangent = random(*packed.numbers.shape, seed=7) - 0.5
            (found,) = torch.autograd.grad((packed.numbers * cotangent).sum(), tensors[chosen])
            assert torch.equal(found, expected)


def test_groups_without_boxes() -> None:
    assert_packed_alike(scene_of(boxes(2, (0, 1), False), boxes(2, (), False), boxes(2, (), True)), "sigmoid")
