"""What diffvg's calls refuse, in one clear line."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from helpers.pydiffvg_scenes import RED, SCENES, SIDE, Scene, draw, one

from vectorae import pydiffvg
from vectorae.errors import UserError

INK = torch.tensor(RED)


def disc() -> pydiffvg.Circle:
    return pydiffvg.Circle(torch.tensor(4.0), torch.tensor([16.0, 16.0]))


def path(counts: list[int], size: int, width: Any = 1.0) -> pydiffvg.Path:
    return pydiffvg.Path(torch.tensor(counts), torch.rand(size, 2), False, torch.tensor(width))


PERSPECTIVE = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.1, 0.0, 1.0]])


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (lambda: one(path([2], 6), stroke_color=INK), "points: 6 of them"),
        (lambda: one(path([3], 4), stroke_color=INK), "num_control_points"),
        (lambda: one(path([2], 4, [1.0, 2.0]), stroke_color=INK), "stroke_width: 2 of them"),
        (lambda: one(disc(), fill_color=INK[:3]), "fill_color: .* a colour has four"),
        (lambda: one(disc(), fill_color="red"), "fill_color: a str"),
        (lambda: one(disc(), fill_color=INK, shape_to_canvas=PERSPECTIVE), "perspective"),
        (lambda: ([disc()], [pydiffvg.ShapeGroup(torch.tensor([1]), INK)]), "shape_ids"),
        (lambda: (["disc"], []), "shapes: a str; choose from Circle"),
        (
            lambda: one(pydiffvg.Circle(torch.tensor([4.0, 3.0]), torch.tensor([16.0, 16.0])), fill_color=INK),
            "a tensor \\[2\\]",
        ),
        (
            lambda: one(disc(), fill_color=pydiffvg.LinearGradient(offsets=torch.tensor([0.0, 1.0]))),
            "stop_colors for 2 offsets",
        ),
    ],
)
def test_scenes(scene: Callable[[], Scene], words: str) -> None:
    with pytest.raises(UserError, match=words):
        draw(scene())


def test_backgrounds_sizes_and_filters() -> None:
    scene = one(disc(), fill_color=INK)
    with pytest.raises(UserError, match="background_image"):
        draw(scene, background=torch.ones(SIDE, SIDE + 1, 4))
    with pytest.raises(UserError, match="background_image: distances"):
        draw(scene, background=torch.ones(SIDE, SIDE, 4), output_type=pydiffvg.OutputType.sdf)
    with pytest.raises(UserError, match="canvas"):
        pydiffvg.RenderFunction.serialize_scene(0, 4, *scene)
    arguments = pydiffvg.RenderFunction.serialize_scene(SIDE, SIDE, *scene)
    with pytest.raises(UserError, match="image: 0 × 4"):
        pydiffvg.RenderFunction.apply(0, 4, 2, 2, 0, None, *arguments)
    with pytest.raises(UserError, match="its radius"):
        draw(scene, filter=pydiffvg.PixelFilter(pydiffvg.FilterType.hann, torch.tensor(0.0)))


def test_batches_of_several_topologies() -> None:
    scenes = [pydiffvg.RenderFunction.serialize_scene(SIDE, SIDE, *SCENES[name]()) for name in ("circle", "ellipse")]
    with pytest.raises(UserError, match="scene 1 has other shapes"):
        pydiffvg.render_batch(SIDE, SIDE, scenes)
    with pytest.raises(UserError, match="no scenes"):
        pydiffvg.render_batch(SIDE, SIDE, [])


@pytest.mark.parametrize("name", ["OptimizableSvg", "SVGWriter", "SvgOptimizationSettings"])
def test_what_is_not_there_is_named(name: str) -> None:
    with pytest.raises(AttributeError, match=f"{name} is not there; "):
        getattr(pydiffvg, name)
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = pydiffvg.nothing
    with pytest.raises(UserError, match="render_grad"):
        pydiffvg.RenderFunction.render_grad()


def test_devices_that_are_not_there() -> None:
    before = pydiffvg.get_device()
    try:
        with pytest.warns(UserWarning, match="no device cuda:99"):
            pydiffvg.set_device(torch.device("cuda:99"))
        assert pydiffvg.get_device().type == "cpu" and not pydiffvg.get_use_gpu()
        pydiffvg.set_use_gpu(False)
        assert draw(one(disc(), fill_color=INK)).device.type == "cpu"
    finally:
        pydiffvg.set_device(before)
