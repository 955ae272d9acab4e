"""Programs as they are written for diffvg: they change a scene until it looks like a picture."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from helpers.pydiffvg_scenes import BLUE, HALF, RED, Scene, draw, numbers, one
from torch import Tensor

from vectorae import pydiffvg

SIDE = 48


def refined(
    target: Tensor, scene: Callable[[], Scene], rates: Sequence[tuple[Sequence[Tensor], float]], steps: int
) -> tuple[float, float]:
    """The mean squared error before and after some steps of Adam."""
    optimizer = torch.optim.Adam([{"params": [*some], "lr": rate} for some, rate in rates])
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (draw(scene(), SIDE) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses[0], min(losses[-3:])


def fitted(build: Callable[[Tensor, Tensor], Scene], true: list[float], start: list[float], steps: int = 80) -> None:
    """Refine numbers in units of the canvas, and a colour, from one drawing towards another."""
    target = draw(build(torch.tensor(true), torch.tensor(HALF)), SIDE).detach()
    place, ink = numbers(*start), numbers([0.5, 0.4, 0.5, 0.8])
    first, last = refined(target, lambda: build(place, ink), [([place], 0.01), ([ink], 0.02)], steps)
    assert last < 0.05 * first


def test_a_circle() -> None:
    def build(place: Tensor, ink: Tensor) -> Scene:
        x, y, radius = (SIDE * place).unbind()
        return one(pydiffvg.Circle(radius, torch.stack([x, y])), fill_color=ink)

    fitted(build, [0.5, 0.5, 0.3], [0.4, 0.58, 0.2])


def test_an_ellipse_by_its_transform() -> None:
    def build(place: Tensor, ink: Tensor) -> Scene:
        linear = torch.eye(2) + 0.5 * place[:4].view(2, 2)
        matrix = torch.cat([torch.cat([linear, SIDE * place[4:, None]], dim=1), torch.tensor([[0.0, 0.0, 1.0]])])
        ellipse = pydiffvg.Ellipse(torch.tensor([14.0, 8.0]), torch.zeros(2))
        return one(ellipse, fill_color=ink, shape_to_canvas=matrix)

    fitted(build, [0.2, 0.6, -0.5, 0.1, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0, 0.42, 0.55])


@pytest.mark.parametrize("widths", [1, 4])
def test_an_open_curve_by_its_points_and_widths(widths: int) -> None:
    def build(place: Tensor, ink: Tensor) -> Scene:
        width = 10 * place[8:] if widths > 1 else 10 * place[8]
        path = pydiffvg.Path(torch.tensor([2]), SIDE * place[:8].view(4, 2), False, width)
        return one(path, stroke_color=ink)

    curve = [0.2, 0.15, 0.9, 0.3, 0.1, 0.7, 0.8, 0.85]
    near = [0.26, 0.2, 0.8, 0.36, 0.2, 0.6, 0.7, 0.88]
    fitted(build, [*curve, 0.4, 0.2, 0.3, 0.5][: 8 + widths], [*near, 0.3, 0.3, 0.3, 0.3][: 8 + widths], 120)


def test_a_stroked_and_filled_polygon() -> None:
    def build(place: Tensor, ink: Tensor) -> Scene:
        polygon = pydiffvg.Polygon(SIDE * place[:8].view(4, 2), True, 10 * place[8])
        return one(polygon, fill_color=torch.tensor(BLUE), stroke_color=ink)

    fitted(build, [0.2, 0.2, 0.8, 0.25, 0.7, 0.8, 0.25, 0.7, 0.3], [0.3, 0.2, 0.7, 0.2, 0.8, 0.7, 0.2, 0.8, 0.2], 120)


def test_a_gradient() -> None:
    def build(place: Tensor, ink: Tensor) -> Scene:
        stops = torch.stack([torch.tensor(RED), ink])
        paint = pydiffvg.LinearGradient(SIDE * place[:2], SIDE * place[2:4], torch.tensor([0.0, 1.0]), stops)
        return one(pydiffvg.Circle(SIDE * place[4], torch.tensor([24.0, 24.0])), fill_color=paint)

    fitted(build, [0.2, 0.2, 0.8, 0.7, 0.35], [0.3, 0.1, 0.6, 0.8, 0.25], 120)


def _picture() -> Tensor:
    """A sunset, ``[SIDE, SIDE, 3]``."""
    y, x = torch.meshgrid(torch.linspace(0, 1, SIDE), torch.linspace(0, 1, SIDE), indexing="ij")
    sky = torch.stack([0.9 - 0.5 * y, 0.5 - 0.2 * y, 0.3 + 0.5 * y], dim=-1)
    sun = ((x - 0.6).square() + (y - 0.4).square() < 0.04)[..., None]
    return torch.where(sun, torch.tensor([1.0, 0.9, 0.5]), sky)


@pytest.mark.parametrize("blobs", [False, True])
def test_a_painterly_rendering(blobs: bool, tmp_path: Path) -> None:
    generator = random.Random(0)
    shapes, groups, count = [], [], 40
    for index in range(count):
        segments = generator.randint(3, 5) if blobs else generator.randint(1, 3)
        x, y = generator.random(), generator.random()
        places = [
            (x + generator.gauss(0, 0.08), y + generator.gauss(0, 0.08)) for _ in range(3 * segments + (not blobs))
        ]
        points = (SIDE * torch.tensor(places)).requires_grad_()
        shapes.append(pydiffvg.Path(torch.full((segments,), 2), points, blobs, numbers(2.0)))
        ink = numbers([generator.random() for _ in range(4)])
        paint = {"fill_color": ink} if blobs else {"fill_color": None, "stroke_color": ink}
        groups.append(pydiffvg.ShapeGroup(torch.tensor([index]), **paint))
    colors = [group.fill_color if blobs else group.stroke_color for group in groups]
    widths = [] if blobs else [shape.stroke_width for shape in shapes]
    optimizer = torch.optim.Adam(
        [{"params": [shape.points for shape in shapes], "lr": 1.0}, {"params": colors + widths, "lr": 0.05}]
    )
    target, losses = _picture(), []
    for _ in range(40):
        optimizer.zero_grad()
        image = draw((shapes, groups), SIDE)
        image = image[:, :, 3:4] * image[:, :, :3] + 1 - image[:, :, 3:4]
        loss = (image - target).square().mean()
        loss.backward()
        optimizer.step()
        for ink in colors:
            ink.data.clamp_(0, 1)
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.35 * losses[0]
    pydiffvg.save_svg(tmp_path / "end.svg", SIDE, SIDE, shapes, groups)
    assert len(pydiffvg.svg_to_scene(tmp_path / "end.svg")[2]) >= count - 2  # those that are transparent are left out


def test_an_svg_is_refined_towards_a_picture(tmp_path: Path) -> None:
    document = tmp_path / "start.svg"
    document.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}"><g fill="#c84">'
        '<path d="M0 0H48V48H0Z"/><path fill="#fe8" d="M20 20 C24 12 36 12 36 22 C36 32 24 30 20 20 Z"/></g></svg>'
    )
    width, height, shapes, groups = pydiffvg.svg_to_scene(str(document))
    assert (width, height) == (SIDE, SIDE)
    for shape in shapes:
        shape.points.requires_grad = True  # type: ignore[attr-defined]
    for group in groups:
        group.fill_color.requires_grad = True
    optimizer = torch.optim.Adam([shape.points for shape in shapes], lr=0.5)  # type: ignore[attr-defined]
    inks = torch.optim.Adam([group.fill_color for group in groups], lr=0.02)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        inks.zero_grad()
        image = draw((shapes, groups), SIDE)
        image = image[:, :, 3:4] * image[:, :, :3] + 1 - image[:, :, 3:4]
        loss = (image - _picture()).square().mean()
        loss.backward()
        optimizer.step()
        inks.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
