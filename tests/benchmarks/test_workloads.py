"""The workloads are as specified."""

import dataclasses
import math
from importlib.util import find_spec

import pytest
import torch
from helpers.benchmarks import SMALL, full
from torch import Tensor

from benchmarks import exact, training
from benchmarks.contenders import covered_pairs, learning
from benchmarks.passes import WORKLOADS, make_pass
from benchmarks.workloads import DRAWINGS, ON_GPU, ON_ONE_CORE, Size
from vectorae.scene import Path as PathOutline
from vectorae.scene import RoundedBox, Scene


def boxes(scene: Scene) -> list[RoundedBox]:
    """The outlines, all of them boxes."""
    found = [group.outline for group in scene.groups if isinstance(group.outline, RoundedBox)]
    assert len(found) == len(scene.groups)
    return found


@pytest.mark.parametrize(
    ("name", "batch", "count", "channels", "height", "width", "coverage", "compositing", "pixels"),
    [
        ("A", 64, 16, 3, 64, 64, "sigmoid", "over", 0.5),
        ("B", 1, 1000, 1, 200, 266, "gaussian", "soft_or", 1),
        ("C", 64, 16, 1, 28, 28, "gaussian", "soft_or", 1),
        ("D1", 64, 16, 3, 64, 64, "sigmoid", "over", None),
        ("D2", 64, 16, 3, 64, 64, "sigmoid", "over", None),
        ("E256", 1, 256, 3, 512, 512, "sigmoid", "over", 0.5),
        ("E1024", 1, 1024, 3, 512, 512, "sigmoid", "over", 0.5),
        ("E4096", 1, 4096, 3, 512, 512, "sigmoid", "over", 0.5),
        ("A512", 512, 16, 3, 64, 64, "sigmoid", "over", 0.5),
        ("G", 1, 2048, 3, 1344, 2040, "sigmoid", "over", 0.5),
        ("G2", 1, 2048, 3, 1344, 2040, "sigmoid", "over", 0.5),
        ("G3", 1, 640, 3, 384, 384, "sigmoid", "over", 0.5),
    ],
)
def test_workloads_are_as_specified(
    name: str,
    batch: int,
    count: int,
    channels: int,
    height: int,
    width: int,
    coverage: str,
    compositing: str,
    pixels: float | None,
) -> None:
    work = full(name)
    scene = work.scene
    assert (work.name, scene.batch, scene.count, scene.channels) == (name, batch, count, channels)
    assert (work.height, work.width, work.coverage, work.scene.compositing) == (height, width, coverage, compositing)
    assert work.pairs == batch * count * height * width
    if pixels is not None:
        assert work.softness == pixels
    assert not any(tensor.requires_grad for tensor in (scene.color, scene.opacity))


def test_every_workload_is_named() -> None:
    assert set(WORKLOADS) == {*DRAWINGS, *training.TRAININGS, exact.NAME}
    assert {*ON_GPU, *ON_ONE_CORE} < set(WORKLOADS)


def test_the_grid_is_a_little_astray() -> None:
    scene = full("A").scene
    centers = torch.zeros(64, 16, 2)
    for group, box in zip(scene.groups, boxes(scene), strict=True):
        assert bool((box.half_extents[..., 0] == box.half_extents[..., 1]).all())
        centers[:, list(group.slots)] = box.center
    cells = (torch.arange(4) + 0.5) / 4
    start = torch.stack([cells.repeat(4), cells.repeat_interleave(4)], dim=-1)
    astray = (centers - start).norm(dim=-1)
    assert 0.01 < float(astray.mean()) < 0.15
    assert min(float(scene.color.std()), float(scene.opacity.std())) > 0.01
    assert {float(box.roundness.mean()) for box in boxes(scene)} == {0.0, 1.0}


@pytest.mark.parametrize("name", ["B", "C"])
def test_ink_is_white_strokes_of_no_width(name: str) -> None:
    scene = full(name).scene
    (group,) = scene.groups
    assert isinstance(group.outline, PathOutline) and group.stroke_width is not None
    assert group.outline.degree == (1 if name == "B" else 3)
    assert not group.stroke_width.any() and not scene.ground.any()
    assert bool((scene.color * scene.opacity[..., None] == 1).all())


def test_what_is_hidden_is_hidden_by_opaque_shapes() -> None:
    work = DRAWINGS["D3"](Size(batch=2))
    assert bool((work.scene.opacity == 1).all()) and work.softness < 1
    assert covered_pairs(work) > 0.5 * work.pairs
    assert work.threads == 1


@pytest.mark.parametrize("name", ["D1", "D2"])
def test_nothing_can_be_culled(name: str) -> None:
    work = DRAWINGS[name](Size(batch=2))
    assert covered_pairs(work) == work.pairs
    assert work.threads == 1
    roundness = torch.cat([box.roundness.flatten() for box in boxes(work.scene)])
    between = float(((roundness > 0) & (roundness < 1)).float().mean())
    assert between == (1.0 if name == "D2" else 0.0)


@pytest.mark.parametrize("name", ["E256", "E1024", "E4096"])
def test_crowds_have_the_area_of_the_canvas(name: str) -> None:
    area = 0.0
    for box in boxes(full(name).scene):
        rounded = 1 - (1 - math.pi / 4) * box.roundness.square()
        area += float((4 * box.half_extents.prod(-1) * rounded).sum())
    assert area == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", [name for name in DRAWINGS if name not in ON_GPU])
def test_the_seed_makes_the_scene(name: str) -> None:
    def color_and_places(seed: int) -> Tensor:
        scene = DRAWINGS[name](dataclasses.replace(SMALL, seed=seed)).scene
        return torch.cat([leaf.detach().flatten() for leaf in learning(scene, ("center", "points"))[1]])

    assert torch.equal(color_and_places(0), color_and_places(0))
    assert not torch.equal(color_and_places(0), color_and_places(1))


def test_curves_are_those_that_others_measure() -> None:
    for name, closed, points in (("G", False, 4), ("G2", True, 6), ("G3", False, 4)):
        (group,) = full(name).scene.groups
        assert isinstance(group.outline, PathOutline)
        assert (group.outline.degree, group.outline.closed, group.outline.points.shape[2]) == (3, closed, points)
        assert (group.stroke_width is None) == closed


@pytest.mark.skipif(find_spec("triton") is None, reason="there is no Triton for this system")
@pytest.mark.parametrize("name", ["G2", "G3"])
def test_what_is_for_a_gpu_is_drawn_by_its_kernels(name: str) -> None:
    work = DRAWINGS[name](Size(scale=0.002)).small()
    times = make_pass(work, "gpu")()
    assert times["forward"] > 0 and times["backward"] > 0
