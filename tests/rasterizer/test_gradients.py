"""Gradients: exact for every kind, coverage and compositing, and finite whatever the scene."""

from dataclasses import replace
from typing import Any, get_args

import hypothesis
import hypothesis.strategies as st
import pytest
import torch
from helpers.scenes import CLOSED_KINDS, PAINTED, box, leaves_of, white_on_black
from torch import Tensor

from vectorae import Group, Layout, RoundedBox, Scene, rasterize
from vectorae.geometry.stroke_style import PLAIN
from vectorae.primitives import KINDS
from vectorae.rasterizer import COMPOSITINGS, PROFILES
from vectorae.scene import SPREADS, Gradient, LinearGradient, RadialGradient

SLOPED = [name for name in PROFILES if name != "hard"]


@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize(("kind", "paint"), PAINTED)
def test_gradients_are_exact(kind: str, paint: Any, coverage: str) -> None:
    """Each kind with each coverage, and with one compositing or the other in turn, which sees nothing of a kind."""
    turn = PAINTED.index((kind, paint)) + list(PROFILES).index(coverage)
    compositing = list(COMPOSITINGS)[turn % len(COMPOSITINGS)]
    # As few points as a kind can have, and one more: a polygon of four corners may cross itself.
    numbers = {name: get_args(one.allowed) for name, one in KINDS[kind].options().items() if type(one.default) is int}
    options = {name: least.ge + 1 for name, (_, least, *_) in numbers.items()}
    layout = Layout([kind], count=2, channels=1, fields={"softness": "learned"}, paint=paint, options=options)
    raw = layout.random_raw(1, seed=1, spread=0.7).double().requires_grad_()
    softness = torch.tensor(0.07, dtype=torch.float64, requires_grad=True)

    def image(raw: Tensor, softness: Tensor) -> Tensor:
        return rasterize(
            layout(raw), 3, 4, coverage=coverage, compositing=compositing, softness=softness, backend="reference"
        )

    # By random projections of the Jacobian, as there are two hundred of them.
    assert torch.autograd.gradcheck(image, (raw, softness), check_undefined_grad=False, fast_mode=True)


@pytest.mark.parametrize("temperature", [0.02, 0.3])
def test_gradients_by_depth_are_exact(temperature: float) -> None:
    layout = Layout(["circle", "triangle"], count=4, channels=1, ordering="depth", fields={"opacity": 0.9})
    raw = layout.random_raw(1, seed=1, spread=0.7).double().requires_grad_()

    def image(raw: Tensor) -> Tensor:
        return rasterize(layout(raw), 4, 5, softness=0.07, temperature=temperature, backend="reference")

    assert torch.autograd.gradcheck(image, raw, fast_mode=True)


@pytest.mark.parametrize("roundness", [0.02, 0.4, 1.0])
@pytest.mark.parametrize("stroked", [False, True])
def test_gradients_of_rounded_boxes_are_exact(roundness: float, stroked: bool) -> None:
    """Also where the corners blend into sharp ones. The closest point of an ellipse is found to a thousandth."""
    scene = white_on_black(box(0.45, 0.55, 0.3, 0.17, 0.3, roundness), 0.1 if stroked else None)
    _, leaves = leaves_of(scene)

    def image(*tensors: Tensor) -> Tensor:
        given = iter(tensors)
        return rasterize(scene.map(lambda _: next(given)), 5, 5, softness=0.1, backend="reference")

    assert torch.autograd.gradcheck(image, leaves, atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize("coverage", SLOPED)
@pytest.mark.parametrize(("kind", "paint"), [*PAINTED, ("all", "fill"), ("all", "stroke")])
def test_single_precision_agrees_with_central_differences(kind: str, paint: Any, coverage: str) -> None:
    """The float32 gradient of a pixel loss against differences of the float64 loss, along some random directions."""
    size, directions, kinds = 12, 16, list(KINDS) if kind == "all" else [kind]
    layout = Layout(kinds, count=max(3, len(kinds)), paint=paint, fields={"softness": "learned"})
    raw = layout.random_raw(1, seed=3, spread=1.0)
    generator = torch.Generator().manual_seed(3)
    target = torch.rand(1, 3, size, size, generator=generator, dtype=torch.float64)
    # Orthogonal, so that of any error as large a part is seen as of the gradient.
    along = torch.linalg.qr(torch.randn(layout.raw_size, directions, generator=generator, dtype=torch.float64)).Q.T

    def loss(raw: Tensor, backend: str) -> Tensor:
        image = rasterize(layout(raw), size, size, coverage=coverage, softness=0.03, backend=backend)
        return (image - target.to(image)).square().mean((1, 2, 3))

    with torch.no_grad():
        above, below = (loss(raw.double() + step * along, "reference") for step in (1e-7, -1e-7))
        difference = (above - below) / 2e-7
    for backend in ("reference", "cpu"):
        leaf = raw.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(leaf, backend).sum(), leaf)
        assert (along @ gradient[0].double() - difference).norm() <= 1e-3 * difference.norm(), backend


def degenerate(scene: Scene, seed: int) -> Scene:
    """Each shape of each drawing left as it is, or made special: of no size, far away, on a pixel's centre …"""
    generator = torch.Generator().manual_seed(seed)

    def chance(like: Tensor, part: float = 0.25) -> Tensor:
        return torch.rand(like.shape[:2], generator=generator) < part

    def special(value: Tensor, *others: float) -> Tensor:
        for other in others:
            here = chance(value).view(*value.shape[:2], *[1] * (value.dim() - 2))
            value = torch.where(here, other, value)
        return value

    def group(one: Group) -> Group:
        outline = one.outline
        if isinstance(outline, RoundedBox):
            extents = special(outline.half_extents, 0.0, 9.0)
            extents = torch.stack([special(extents[..., 0], 0.0), special(extents[..., 1], 0.0)], dim=-1)
            center, roundness = special(outline.center, 0.25, 5.0), special(outline.roundness, 0.0, 1.0)
            outline = RoundedBox(center, extents, special(outline.angle, 0.0), roundness)
        else:
            points = special(outline.points, 0.25, -7.0)
            first = points[:, :, :1]
            points = torch.where(chance(points)[..., None, None], first, points)
            half = points.shape[2] // 2  # some coincide, some go back the way they came
            points = torch.cat([points[:, :, : points.shape[2] - half], points[:, :, :half].flip(2)], dim=2)
            outline = replace(outline, points=points)
        width = None if one.stroke_width is None else special(one.stroke_width, 0.0, 3.0)
        gradients = map(gradient, (one.gradient, one.stroke_gradient))
        return Group(outline, one.slots, width, one.stroke_color, one.stroke_below, None, PLAIN, *gradients)

    def gradient(one: Gradient | None) -> Gradient | None:
        if one is None:
            return None
        stops = {"offsets": special(one.offsets, 0.0, 0.5), "opacities": special(one.opacities, 0.0, 1.0)}
        spread = SPREADS[seed % 3]
        if isinstance(one, LinearGradient):
            end = torch.where(chance(one.end)[..., None], one.start, special(one.end, 0.25, 5.0))
            return replace(one, end=end, spread=spread, **stops)
        assert isinstance(one, RadialGradient)
        axes, focus = special(one.axes, 0.0, 9.0), special(one.focus, 0.5, 1.0, 3.0)
        return replace(one, axes=axes, focus=focus, spread=spread, **stops)

    depth = None if scene.depth is None else special(scene.depth, 0.5)
    return Scene(
        tuple(group(one) for one in scene.groups),
        special(scene.color, 0.0, 1.0),
        special(scene.opacity, 0.0, 1.0),
        scene.softness,
        scene.background,
        depth,
    )


SCENES_EACH = 20


@hypothesis.settings(max_examples=110, deadline=None, derandomize=True, database=None)
@hypothesis.given(
    kinds=st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4, unique=True),
    paint=st.sampled_from(["fill", "stroke", {"fill": "linear", "stroke": "radial", "stops": 3}]),
    ordering=st.sampled_from(["slot", "depth"]),
    spread=st.sampled_from([0.0, 1.0, 5.0, 60.0]),
    seed=st.integers(0, 10**6),
    drawing=st.fixed_dictionaries(
        {
            "coverage": st.sampled_from(list(PROFILES)),
            "compositing": st.sampled_from(list(COMPOSITINGS)),
            "softness": st.sampled_from([1e-9, 0.01, 0.1, 3.0]),
            "temperature": st.sampled_from([0.0, 1e-6, 0.1]),
            "backend": st.sampled_from(["reference", "cpu"]),
        }
    ),
)
def test_values_and_gradients_are_finite_whatever_the_scene(
    kinds: list[str], paint: Any, ordering: str, spread: float, seed: int, drawing: dict[str, Any]
) -> None:
    """2,200 scenes, twenty at a time; about half of their shapes are degenerate in some way."""
    if ordering == "depth" and isinstance(paint, dict):  # the fill and the stroke of a shape have but one
        paint = {"fill": "linear"} if set(kinds) & set(CLOSED_KINDS) else {"stroke": "linear"}
    layout = Layout(kinds, count=2 * len(kinds), paint=paint, ordering=ordering)
    raw = layout.random_raw(SCENES_EACH, seed, spread).requires_grad_()
    scene, leaves = leaves_of(degenerate(layout(raw).detach(), seed))
    image = rasterize(scene, 8, 9, **drawing)
    assert image.isfinite().all()
    assert ((image >= -1e-5) & (image <= 1 + 1e-5)).all()
    gradients = torch.autograd.grad(image.square().sum(), leaves, allow_unused=True, materialize_grads=True)
    assert all(one.isfinite().all() for one in gradients)
    through = torch.autograd.grad(rasterize(layout(raw), 8, 9, **drawing).square().sum(), raw)[0]
    assert through.isfinite().all()


@pytest.mark.parametrize("coverage", PROFILES)
def test_what_is_fully_covered_has_a_gradient_by_its_colour_alone(coverage: str) -> None:
    scene = white_on_black(box(0.5, 0.5, 9.0, 9.0))
    scene, leaves = leaves_of(replace(scene, opacity=torch.ones(1, 1).double()))
    image = rasterize(scene, 4, 4, coverage=coverage, softness=0.05, backend="reference")
    torch.testing.assert_close(image, torch.ones_like(image))
    by_color = torch.autograd.grad(image.sum(), scene.color, retain_graph=True)[0]
    torch.testing.assert_close(by_color, torch.full_like(by_color, 16.0))
    rest = torch.autograd.grad(image.sum(), leaves, allow_unused=True, materialize_grads=True)
    assert all(one.isfinite().all() for one in rest)
