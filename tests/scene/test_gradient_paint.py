"""Gradients: what colour they have where, how they move with shapes, and what they are refused for."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.agreement import assert_agreement
from helpers.scenes import leaves_of
from torch import Tensor

import vectorae
from vectorae import Group, Layout, RoundedBox, Scene, UserError, rasterize
from vectorae.layout import SceneLayout
from vectorae.losses.regularizers import coverages
from vectorae.primitives import MOST_STOPS, Paint
from vectorae.rasterizer import COMPOSITINGS, PROFILES
from vectorae.scene import SPREADS, LinearGradient, RadialGradient, cat_groups

SIDE = 16
CENTERS = (torch.arange(SIDE).double() + 0.5) / SIDE


def filling(gradient: Any) -> Scene:
    """The whole canvas in a gradient, over black."""
    scene = Scene.of([vectorae.rectangle((0.5, 0.5), 3, 3, fill=gradient)], "black")
    return scene.to(torch.float64)


def seen(gradient: Any) -> Tensor:
    """The channels of the whole canvas in a gradient, ``[C, 16, 16]``."""
    return rasterize(filling(gradient), SIDE, SIDE, coverage="ramp")[0]


def random_scene(spread: str = "pad", channels: int = 3, stops: int = 3, batch: int = 2, count: int = 3) -> Scene:
    """Boxes, blobs and strokes whose gradients are all over the canvas, some beside it."""
    layout = Layout(["rectangle", "blob", "cubic"], count=3 * count, channels=channels)
    scene = layout(layout.random_raw(batch, seed=1, spread=0.7).double()).detach()
    generator = torch.Generator().manual_seed(2)

    def random(*size: int) -> Tensor:
        return torch.rand(*size, generator=generator, dtype=torch.float64)

    def given(number: int) -> dict[str, Any]:
        offsets = random(batch, count, number).sort(-1).values
        colors, opacities = random(batch, count, number, channels), 0.2 + 0.8 * random(batch, count, number)
        return {"colors": colors, "opacities": opacities, "offsets": offsets, "spread": spread}

    linear = LinearGradient(start=random(batch, count, 2), end=random(batch, count, 2), **given(stops))
    # In ellipses that are nearly lines colours turn within less than single precision tells apart.
    axes, focus = 0.3 * torch.eye(2) + 0.5 * random(batch, count, 2, 2) - 0.25, 0.9 * random(batch, count, 2) - 0.45
    radial = RadialGradient(center=random(batch, count, 2), axes=axes, focus=focus, **given(2))
    boxes, blobs, strokes = scene.groups
    groups = replace(boxes, gradient=linear), replace(blobs, gradient=radial), replace(strokes, gradient=linear)
    return replace(scene, groups=groups)


def test_along_a_line_colours_change_evenly() -> None:
    ramp = vectorae.linear_gradient((0.25, 0.0), (0.75, 0.0), [0.0, 1.0])
    expected = ((CENTERS - 0.25) / 0.5).clamp(0, 1).expand(SIDE, -1)
    torch.testing.assert_close(seen(ramp)[0], expected, atol=1e-6, rtol=0)
    slanted = seen(vectorae.linear_gradient((0, 0), (1, 1), [0.0, 1.0]))[0]
    torch.testing.assert_close(slanted, (CENTERS + CENTERS[:, None]) / 2, atol=1e-6, rtol=0)


def test_around_a_point_colours_change_with_the_distance() -> None:
    found = seen(vectorae.radial_gradient((0.5, 0.5), 0.5, [1.0, 0.0]))[0]
    distance = torch.hypot(CENTERS - 0.5, CENTERS[:, None] - 0.5)
    torch.testing.assert_close(found, (1 - 2 * distance).clamp_min(0), atol=1e-6, rtol=0)


def test_a_focus_is_where_a_radial_gradient_begins() -> None:
    """On the ray from the focus f through p to the circle, the number is the part of the way to the circle."""
    gradient = vectorae.radial_gradient((0.5, 0.5), 0.4, [0.0, 1.0], focus=(0.7, 0.4))
    found = seen(gradient)[0]
    for row, column in ((3, 4), (8, 8), (10, 2), (6, 10)):
        focus, place = torch.tensor([0.7, 0.4]).double(), torch.stack([CENTERS[column], CENTERS[row]])
        low, high = 0.0, 1e3  # how many times as far the circle is
        for _ in range(100):
            middle = (low + high) / 2
            inside = (focus + middle * (place - focus) - 0.5).norm() < 0.4
            low, high = (middle, high) if inside else (low, middle)
        assert found[row, column] == pytest.approx(min(1, 1 / low), abs=1e-5)
    far = seen(vectorae.radial_gradient((0.5, 0.5), 0.4, [0.0, 1.0], focus=(5.0, 0.5)))[0]
    near = seen(vectorae.radial_gradient((0.5, 0.5), 0.4, [0.0, 1.0], focus=(0.5 + 0.4 * 0.999, 0.5)))[0]
    torch.testing.assert_close(far, near, atol=1e-5, rtol=0)


@pytest.mark.parametrize("spread", SPREADS)
def test_beyond_the_ends_it_goes_on_as_its_spread_says(spread: str) -> None:
    found = seen(vectorae.linear_gradient((0.4, 0), (0.6, 0), [0.0, 1.0], spread=spread))[0, 0]
    t = (CENTERS - 0.4) / 0.2
    expected = {"pad": t.clamp(0, 1), "repeat": t % 1, "reflect": 1 - (t % 2 - 1).abs()}[spread]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_stops_lie_where_they_are_said_to() -> None:
    """Two at one place are an edge; one that is less than those before it lies with them."""
    edge = seen(vectorae.linear_gradient((0, 0), (1, 0), [0.2, 0.2, 0.8, 1.0], offsets=[0, 0.5, 0.5, 1]))[0, 0]
    expected = torch.where(CENTERS < 0.5, 0.2, 0.8 + 0.4 * (CENTERS - 0.5))
    torch.testing.assert_close(edge, expected, atol=1e-6, rtol=0)
    backwards = seen(vectorae.linear_gradient((0, 0), (1, 0), [0.2, 0.2, 0.8, 1.0], offsets=[0, 0.5, 0.3, 1]))[0, 0]
    torch.testing.assert_close(backwards, edge, atol=1e-6, rtol=0)


def test_opacities_of_stops_are_factors_and_colours_do_not_fade() -> None:
    found = seen(vectorae.linear_gradient((0, 0), (1, 0), ["#ff0000ff", "#0000ff00"]))
    torch.testing.assert_close(found[0, 0], (1 - CENTERS) ** 2, atol=1e-6, rtol=0)
    torch.testing.assert_close(found[2, 0], CENTERS * (1 - CENTERS), atol=1e-6, rtol=0)


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_without_length_there_is_the_last_stop(backend: str, spread: str) -> None:
    point = vectorae.radial_gradient((0.5, 0.5), 0.0, [0.1, 0.9], spread=spread, focus=(0.5, 0.5))
    flat = replace(point, axes=torch.tensor([[[[0.3, 0.0], [0.3, 1e-7]]]]), focus=torch.full((1, 1, 2), 0.5))
    for gradient in (point, flat, vectorae.linear_gradient((0.5, 0.5), (0.5, 0.5), [0.1, 0.9], spread=spread)):
        last = rasterize(filling(gradient), SIDE, SIDE, coverage="ramp", backend=backend)
        torch.testing.assert_close(last, torch.full_like(last, 0.9), atol=1e-6, rtol=0)


def test_a_radius_that_is_nothing_has_a_gradient_that_is_none() -> None:
    radius = torch.tensor(0.0, requires_grad=True)
    gradient = vectorae.radial_gradient((0.5, 0.5), radius, ["red", "blue"], focus=(0.5, 0.5))
    scene = Scene.of([vectorae.circle((0.5, 0.5), 0.3, fill=gradient)])
    assert scene == scene
    assert torch.autograd.grad(rasterize(scene, 8, 8).sum(), radius)[0] == 0


@pytest.mark.parametrize("compositing", COMPOSITINGS)
@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize("spread", SPREADS)
def test_the_cpu_draws_what_the_reference_draws(spread: str, coverage: str, compositing: str) -> None:
    turn = list(PROFILES).index(coverage) + SPREADS.index(spread)
    scene = random_scene(spread, channels=(1, 3)[turn % 2], stops=2 + turn % 3)
    assert_agreement("cpu", scene, 19, 26, coverage=coverage, compositing=compositing, softness=0.02)


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("compositing", COMPOSITINGS)
def test_gradients_are_exact(compositing: str, spread: str) -> None:
    """By stops, their places, and all points of the gradient."""
    scene, leaves = leaves_of(random_scene(spread, batch=1, count=1))

    def image(*tensors: Tensor) -> Tensor:
        given = iter(tensors)
        made = scene.map(lambda _: next(given))
        return rasterize(made, 3, 4, softness=0.07, compositing=compositing, backend="reference")

    # By random projections of the Jacobian, as of every kind.
    assert torch.autograd.gradcheck(image, leaves, check_undefined_grad=False, fast_mode=True)


@pytest.mark.parametrize("temperature", [0.0, 0.1])
def test_by_depth_and_over_nothing(temperature: float) -> None:
    scene = random_scene()
    depth = torch.rand(2, scene.count, generator=torch.Generator().manual_seed(3)).double()
    scene = replace(scene, depth=depth)
    assert_agreement("cpu", scene, 12, 12, softness=0.02, temperature=temperature)
    image = rasterize(scene, 12, 12, softness=0.02, temperature=temperature, alpha=True)
    over = image[:, :3] * image[:, 3:] + (1 - image[:, 3:]) * scene.ground[..., None, None]
    expected = rasterize(scene, 12, 12, softness=0.02, temperature=temperature)
    torch.testing.assert_close(over, expected, atol=1e-4, rtol=0)


def test_chunks_of_the_reference_with_and_without_gradients_are_one_image() -> None:
    from vectorae.rasterizer.reference import chunk_size

    scene = random_scene()
    scene = replace(scene, groups=(scene.groups[0], replace(scene.groups[1], gradient=None), scene.groups[2]))
    expected = rasterize(scene, 9, 11, softness=0.02, backend="reference")
    for given in (scene, replace(scene, depth=torch.arange(9.0).double().expand(2, -1))):
        with chunk_size(99):
            image = rasterize(given, 9, 11, softness=0.02, backend="reference")
        torch.testing.assert_close(image, expected)


@pytest.mark.parametrize("kind", ["linear", "radial"])
def test_it_moves_and_turns_with_its_shape(kind: str) -> None:
    colors = ["black", "#ff8800", "white"]
    inks = {
        "linear": vectorae.linear_gradient((0.3, 0.3), (0.4, 0.7), colors, spread="reflect"),
        "radial": vectorae.radial_gradient((0.4, 0.5), 0.2, colors, focus=(0.45, 0.5)),
    }
    scene = Scene.of([vectorae.circle((0.4, 0.5), 0.25, fill=inks[kind])]).to(torch.float64)
    image = rasterize(scene, 40, 40, coverage="ramp")
    (group,) = scene.groups
    quarter = group.transformed(torch.tensor([[[0.5, 0.4]]]).double(), angle=math.pi / 2)
    turned = rasterize(replace(scene, groups=(quarter,)), 40, 40, coverage="ramp")
    torch.testing.assert_close(turned, image.rot90(-1, (2, 3)), atol=1e-6, rtol=0)
    larger = rasterize(scene.zoomed((0.25, 0.25), 2.0), 40, 40, coverage="hard")
    fine = rasterize(scene, 80, 80, coverage="hard")
    torch.testing.assert_close(larger, fine[..., 20:60, 20:60], atol=1e-6, rtol=0)


def test_a_map_that_shears_keeps_the_lines_of_equal_colour() -> None:
    gradient = vectorae.linear_gradient((0.2, 0.3), (0.7, 0.5), [0.0, 1.0])
    shear = torch.tensor([[1.0, 0.5], [0.2, 0.8]])
    moved = gradient.moved(lambda points: points @ shear.T + 0.1)
    place = torch.tensor([0.4, 0.9])
    after = torch.cat([shear @ place + 0.1, torch.ones(1)])
    assert float(moved.frame()[0, 0, 6:] @ after) == pytest.approx(
        float(gradient.frame()[0, 0, 6:] @ torch.tensor([0.4, 0.9, 1.0])), abs=1e-6
    )


def test_colours_of_gradients_follow_the_scene() -> None:
    scene = random_scene()
    torch.testing.assert_close(
        rasterize(scene.grey(), 9, 9),
        torch.einsum("bchw,c->bhw", rasterize(scene, 9, 9), scene.color.new_tensor([0.299, 0.587, 0.114]))[:, None],
    )
    white = rasterize(scene.painted(torch.ones(2, scene.count, 1).double()), 9, 9)
    torch.testing.assert_close(white, rasterize(scene.with_alpha(), 9, 9)[:, 3:])


def test_groups_are_joined_where_their_gradients_are_alike() -> None:
    one, other = (random_scene(stops=stops).groups[0] for stops in (3, 4))
    assert cat_groups([one, one]).gradient.colors.shape == (2, 6, 3, 3)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="not painted alike"):
        cat_groups([one, other])


def test_drawings_of_a_batch_may_have_colours_of_their_own() -> None:
    tints = torch.rand(4, 3, requires_grad=True)
    sky = vectorae.linear_gradient((0, 0), (0, 1), [tints, "white"])
    scene = Scene.of([vectorae.rectangle((0.5, 0.5), 1, 1, fill=sky), vectorae.circle((0.5, 0.5), 0.1, fill=0.5)])
    assert (scene.batch, scene.channels) == (4, 3)
    (by_tints,) = torch.autograd.grad(rasterize(scene, 8, 8).square().sum(), tints)
    assert (by_tints != 0).all()
    grey = Scene.of([vectorae.circle((0.5, 0.5), 0.3, fill=vectorae.radial_gradient((0.5, 0.5), 0.3, [0, 1]))], 0)
    assert grey.channels == 1
    assert "in gradients" in repr(grey)


def test_filled_and_stroked_in_two_gradients() -> None:
    fill = vectorae.linear_gradient((0, 0), (1, 0), ["red", "blue"])
    stroke = vectorae.radial_gradient((0.5, 0.5), 0.5, ["white", "black"])
    both = vectorae.circle((0.5, 0.5), 0.3, fill=fill, stroke=stroke, stroke_width=0.1)
    apart = [
        vectorae.circle((0.5, 0.5), 0.3, fill=fill),
        vectorae.circle((0.5, 0.5), 0.3, stroke=stroke, stroke_width=0.1),
    ]
    images = [rasterize(Scene.of(shapes), 24, 24, coverage="ramp") for shapes in ([both], apart)]
    torch.testing.assert_close(*images)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: vectorae.linear_gradient((0, 0), (1, 1), ["red"]), r"^gradient: 1 colours; give it two or more$"),
        (lambda: vectorae.linear_gradient((0, 0), (1, 1), ["red", "rad"]), "no colour 'rad'"),
        (
            lambda: vectorae.linear_gradient((0, 0), (1, 1), ["red", "blue"], spread="mirror"),
            r"^spread: choose from pad, reflect, repeat, not 'mirror'$",
        ),
        (
            lambda: vectorae.radial_gradient((0, 0), 1, ["red", "blue"], offsets=[0, 0.5, 1]),
            r"^offsets: 3 of them for 2 colours$",
        ),
    ],
)
def test_mistakes_are_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make()


def test_what_makes_no_gradient_is_refused() -> None:
    stops: dict[str, Any] = {
        "colors": torch.ones(1, 1, 2, 3),
        "opacities": torch.ones(1, 1, 2),
        "offsets": torch.ones(1, 1, 2),
    }
    ends: dict[str, Any] = {"start": torch.zeros(1, 1, 2), "end": torch.ones(1, 1, 2)}
    with pytest.raises(ValueError, match="a gradient of 2 colours, 3 opacities and 2 offsets"):
        LinearGradient(**ends, **(stops | {"opacities": torch.ones(1, 1, 3)}))
    with pytest.raises(ValueError, match="a gradient's spread is pad, repeat, reflect, not 'none'"):
        LinearGradient(**ends, **stops, spread="none")
    box = RoundedBox(torch.ones(1, 1, 2), torch.ones(1, 1, 2), torch.ones(1, 1), torch.ones(1, 1))
    with pytest.raises(ValueError, match="a stroke_gradient is for what is filled and stroked"):
        Group(box, (0,), torch.ones(1, 1), stroke_gradient=LinearGradient(**ends, **stops))


@pytest.mark.parametrize(
    "paint", [{"fill": "linear"}, {"fill": "radial", "stops": 4}, {"fill": "linear", "line": "stroke"}]
)
def test_layouts_learn_them(paint: Any) -> None:
    """Every raw number of a gradient has a gradient, and stops begin in the colour of the shape."""
    layout = Layout(["circle", "line"], count=4, paint=paint)
    gradient = layout(torch.zeros(1, layout.raw_size)).groups[0].gradient
    assert gradient is not None
    assert (gradient.colors == gradient.colors[..., :1, :]).all()
    torch.testing.assert_close(gradient.offsets[0, 0], torch.linspace(0, 1, paint.get("stops", 2)))
    raw = layout.random_raw(2, seed=0, spread=0.5).requires_grad_()
    (by_raw,) = torch.autograd.grad(rasterize(layout(raw), 32, 32, softness=0.1).square().sum(), raw)
    assert (by_raw.abs().sum(0) > 0).all()


def test_stops_at_the_ends_have_a_gradient_by_their_offsets() -> None:
    offsets = torch.tensor([0.0, 1.0], requires_grad=True)
    gradient = vectorae.linear_gradient((0.2, 0), (0.8, 0), [0.0, 1.0], offsets=offsets)
    scene = Scene.of([vectorae.circle((0.5, 0.5), 0.4, fill=gradient)], 0.0)
    assert (torch.autograd.grad(rasterize(scene, 16, 16).sum(), offsets)[0] < 0).all()


def test_gradients_of_another_size_than_the_scene_are_refused() -> None:
    """The kernels check no bounds."""
    scene = random_scene()
    box = scene.groups[0]
    changes: list[tuple[Callable[[Tensor], Tensor], str]] = [
        (lambda one: one[:, :1], "2 drawings, 1 shapes, 3 channels"),
        (lambda one: one[..., :1] if one.dim() == 4 else one, "2 drawings, 3 shapes, 1 channels"),
        (lambda one: one[:1], "1 drawings, 3 shapes, 3 channels"),
    ]
    for change, found in changes:
        other = replace(box, gradient=box.map(change).gradient)
        with pytest.raises(
            ValueError, match=f"^gradients of {found}, but the scene has 2 drawings, 3 shapes, 3 channel"
        ):
            replace(scene, groups=(other, *scene.groups[1:]))


def test_opaque_shapes_are_opaque_everywhere() -> None:
    layout = Layout(["circle"], count=2, paint={"fill": "linear"}, fields={"opacity": 1.0})
    gradient = layout(layout.random_raw(1, seed=0)).groups[0].gradient
    assert gradient is not None
    assert (gradient.opacities == 1).all()
    own = Layout(["circle"], count=2, paint={"fill": "linear"}, fields={"opacity": 1.0, "stop_opacity": "learned"})
    assert "stop_opacity" in own.field_names()


def test_what_is_fixed_in_a_drawing_is_fixed_in_all_stops() -> None:
    ink = vectorae.linear_gradient((0, 0), (1, 1), ["red", "blue", "gold"])
    layout = SceneLayout(Scene.of([vectorae.circle((0.5, 0.5), 0.3, fill=ink)]), fixed=["color"])
    assert not {"color", "color_2", "color_3"} & set(layout.field_names())
    assert "gradient" in layout.field_names()


def test_how_large_a_shape_is_does_not_depend_on_the_opacity_of_its_stops() -> None:
    clear = vectorae.linear_gradient((0, 0), (1, 0), ["#ff000000", "#0000ff00"])
    scenes = (Scene.of([vectorae.circle((0.5, 0.5), 0.4, fill=ink)]) for ink in (clear, "red"))
    torch.testing.assert_close(*(coverages(scene, 8, 8) for scene in scenes))


def test_a_fixed_colour_is_that_of_all_stops() -> None:
    layout = Layout(["circle"], count=2, paint={"fill": "linear", "stops": 3}, fields={"color": 0.25, "color_3": 1.0})
    gradient = layout(layout.random_raw(1, seed=0)).groups[0].gradient
    assert gradient is not None
    assert gradient.colors[0, 0, :, 0].tolist() == [0.25, 0.25, 1.0]
    assert not {"color", "color_2", "color_3"} & set(layout.field_names())


def test_fields_of_a_paint() -> None:
    fields = Paint("both", "radial", "linear", stops=3).fields(1)
    assert [*fields] == [
        *("color", "opacity", "softness", "stroke_width", "stroke_color"),
        *("gradient", "color_2", "color_3", "stop_opacity", "stop_offset"),
        *("stroke_gradient", "stroke_color_2", "stroke_color_3", "stroke_stop_opacity", "stroke_stop_offset"),
    ]
    assert fields["stop_offset"].start == ((0.5,),)
    assert "stop_offset" not in Paint("fill", "linear").fields(1)  # both are at the ends
    assert MOST_STOPS == 16


@pytest.mark.parametrize(
    ("paint", "message"),
    [
        ({"fill": "conic"}, r"^paint\.fill must be flat, linear or radial, got 'conic'$"),
        ({"fill": "linear", "stops": 1}, r"^paint\.stops must be an integer in \[2, 16\], got 1$"),
        ({"stops": 3}, r"^paint\.stops: of gradients, and there are none; write paint\.fill=linear, or leave it out$"),
        ({"circl": "fill"}, r"^paint\.circl: neither a kind of these shapes nor a setting; .*did you mean circle\?"),
        ({"circle": "fill", "stroke": "linear"}, r"^paint\.stroke: linear, but nothing has a stroke;"),
    ],
)
def test_paints_are_refused_by_name(paint: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Layout(["circle"], count=2, paint=paint)
