"""Shapes of several paints: filled and stroked, or contours with opacities of their own."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.agreement import assert_agreement
from helpers.renderer import rendered

import vectorae
from vectorae import Group, Layout, Path, Scene, StrokeStyle, UserError, from_svg, rasterize, to_svg
from vectorae.decoder import Decoder, DrawState, Target, draw_and_measure
from vectorae.fitting.plan import fit_strategy
from vectorae.losses.regularizers import coverages
from vectorae.rasterizer import COMPOSITINGS, PROFILES, Rasterizer
from vectorae.scene import cat_groups
from vectorae.scene.plain import plain
from vectorae.svg import to_animated_svg

CLOSED = ["circle", "ring", "rectangle"]


def layout(kinds: list[str], paint: Any = "both", **settings: Any) -> Layout:
    return Layout(kinds, **{"count": 2 * len(kinds), "paint": paint, "options": {"points": 4}} | settings)


def scene(kinds: list[str], paint: Any = "both", batch: int = 2, **settings: Any) -> Scene:
    if "connections" not in kinds:
        settings = {"options": None} | settings
    made = layout(kinds, paint, **settings)
    return made(made.random_raw(batch, seed=1, spread=0.8).double()).detach()


def by_hand(given: Scene, paint: str) -> Scene:
    """The same with a shape for each paint, made group by group."""
    groups, color, opacity = [], torch.zeros(given.batch, 2 * given.count, 3).double(), given.opacity
    for group in given.groups:
        assert group.stroke_color is not None and group.stroke_width is not None
        for part in range(2):
            is_stroke = part == (paint == "both")
            slots = tuple(2 * slot + part for slot in group.slots)
            groups.append(Group(group.outline, slots, group.stroke_width if is_stroke else None))
            for member, slot in enumerate(group.slots):
                color[:, slots[member]] = group.stroke_color[:, member] if is_stroke else given.color[:, slot]
    twice = [one.repeat_interleave(2, 1) for one in (opacity, given.softness)]
    return Scene(tuple(groups), color, twice[0], twice[1], given.background)


@pytest.mark.parametrize("paint", ["both", "both_stroke_below"])
@pytest.mark.parametrize("coverage", PROFILES)
def test_fill_and_stroke_are_two_shapes(coverage: str, paint: str) -> None:
    given = scene(CLOSED, paint)
    image = rasterize(given, 20, 27, coverage=coverage, softness=0.02)
    expected = rasterize(by_hand(given, paint), 20, 27, coverage=coverage, softness=0.02)
    torch.testing.assert_close(image, expected, atol=1e-12, rtol=0)
    softness = 0.01 * (1 + torch.arange(given.count)).double().expand(2, -1)
    torch.testing.assert_close(
        rasterize(given, 9, 9, softness=softness),
        rasterize(by_hand(given, paint), 9, 9, softness=softness.repeat_interleave(2, 1)),
    )


def test_connections_are_strokes_between_points() -> None:
    given = scene(["connections"], batch=1, count=1)
    (group,) = given.groups
    assert isinstance(group.outline, Path) and group.contour_opacity is not None
    assert group.outline.sizes == (2,) * 6
    lines = plain(given, pixel=1 / 64)
    assert lines.count == 6 and all(one.outline.points.shape[2] == 2 for one in lines.groups)  # type: ignore[union-attr]
    torch.testing.assert_close(lines.opacity[0], given.opacity[0, 0] * group.contour_opacity[0, 0])
    corners = {tuple(point) for one in lines.groups for point in one.outline.points[0, 0].tolist()}  # type: ignore[union-attr]
    assert len(corners) == 4


@pytest.mark.parametrize("compositing", COMPOSITINGS)
@pytest.mark.parametrize("coverage", PROFILES)
def test_backends_agree(coverage: str, compositing: str) -> None:
    given = scene([*CLOSED, "connections"])
    assert_agreement("cpu", given, 14, 19, coverage=coverage, compositing=compositing, softness=0.02)


@pytest.mark.parametrize("kinds", [CLOSED, ["connections"]])
def test_gradients_are_exact(kinds: list[str]) -> None:
    made = layout(kinds, count=2 * len(kinds), channels=1, options={"points": 4} if "connections" in kinds else None)
    raw = made.random_raw(1, seed=1, spread=0.7).double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda raw: rasterize(made(raw), 5, 6, softness=0.1, backend="reference"), raw, fast_mode=True
    )


@pytest.mark.parametrize("kinds", [["circle", "blob"], ["rounded_rectangle", "polygon"], ["connections", "ring"]])
@pytest.mark.parametrize("paint", ["both", "both_stroke_below"])
def test_it_is_drawn_as_its_svg_and_comes_back(paint: str, kinds: list[str]) -> None:
    given = scene(kinds, paint, batch=1).to(torch.float32)
    (text,) = to_svg(given, 96, 96)
    image = rasterize(given, 96, 96, coverage="ramp")[0]
    difference = (image - rendered(text, zoom=8)).abs()
    assert difference.mean() < 1 / 255 and difference.max() < 0.2
    assert ('paint-order="stroke"' in text) == (paint == "both_stroke_below")
    back = from_svg(text)
    assert "connections" in kinds or back.count == given.count
    torch.testing.assert_close(rasterize(back, 96, 96, coverage="ramp")[0], image, atol=0.03, rtol=0)


@pytest.mark.parametrize("paint", ["both", "both_stroke_below"])
def test_ink_that_adds_up_does_so_within_a_shape(paint: str) -> None:
    given = replace(scene(["circle", "polygon"], paint, batch=1, background=0).to(torch.float32), compositing="soft_or")
    (text,) = to_svg(given, 64, 64)
    assert (rasterize(given, 64, 64, coverage="ramp")[0] - rendered(text, zoom=8)).abs().mean() < 1 / 255
    torch.testing.assert_close(
        rasterize(from_svg(text), 64, 64, coverage="ramp"), rasterize(given, 64, 64, coverage="ramp"), atol=0.03, rtol=0
    )


def test_it_moves() -> None:
    made = layout([*CLOSED, "connections"])
    scenes = [made(made.random_raw(1, seed=seed), crisp=True) for seed in (1, 2)]
    text = to_animated_svg(scenes, 64, 64)
    # Six that are filled and stroked, two whose six lines are strokes alone; and the background.
    assert text.count('attributeName="stroke"') == 6 + 2 * 6
    assert text.count('attributeName="fill"') == 6 + 1
    last = rendered(text, zoom=1)[:, 8:-8:2, 8:-8:2]
    assert last.std() > 0.05


def test_what_is_measured_of_a_shape_is_of_all_its_paint() -> None:
    made = layout(CLOSED, options=None)
    decoder, raw = Decoder(made, Rasterizer()), made.random_raw(2, seed=1)
    state = DrawState(softness=0.02)
    _, pixels = draw_and_measure(decoder, raw, 24, 24, state)
    fills = Decoder(layout(CLOSED, "fill", options=None), Rasterizer())
    assert pixels.shape == (2, 6) and (pixels >= 0).all()
    given = decoder.scene(raw, state)
    white = rasterize(given.painted(torch.ones(2, 6, 1)), 24, 24, softness=0.02)
    torch.testing.assert_close(pixels.sum(1), white.sum((1, 2, 3)))
    assert (coverages(given, 16, 16) >= 0).all() and fills.layout.raw_size < made.raw_size


def test_seeds_give_both_paints_the_colour_of_the_image() -> None:
    made, image = layout(CLOSED, options=None), torch.zeros(1, 3, 32, 32)
    image[:, 0] = 0.8
    target = Target(image, torch.zeros_like(image), among=6)
    raw = fit_strategy().seed(made, torch.zeros(1, made.raw_size), range(6), target, torch.Generator().manual_seed(0))
    given = made(raw)
    for group in given.groups:
        assert group.stroke_color is not None
        torch.testing.assert_close(group.stroke_color[..., 0], torch.full((1, 2), 0.8), atol=0.01, rtol=0)


def test_groups_are_joined_by_their_paint() -> None:
    one, other = (scene(["circle"], paint, count=1).groups[0] for paint in ("both", "both_stroke_below"))
    joined = cat_groups([one, replace(one, slots=(1,))])
    assert joined.stroke_color is not None and joined.stroke_color.shape == (2, 2, 3)
    with pytest.raises(ValueError, match="groups that are not painted alike cannot be joined"):
        cat_groups([one, replace(other, slots=(1,))])


def test_a_shape_by_hand_may_have_both() -> None:
    given = Scene.of([vectorae.circle((0.5, 0.5), 0.3, fill="red", stroke="blue", stroke_width=0.1)])
    assert given.count == 1 and given.groups[0].stroke_color is not None
    faint = Scene.of([vectorae.circle((0.5, 0.5), 0.3, fill="#ff000080", stroke="blue")])
    assert faint.count == 2  # of two opacities


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ordering": "depth"}, "ordering: depth, and fill and stroke of a shape have but one; write paint=fill"),
        ({"paint": "booth"}, "paint must be fill, stroke, both or both_stroke_below or a mapping, got 'booth'"),
        ({"paint": {"line": "both"}, "kinds": ["line"], "count": 2}, "paint.line: a line has no inside to fill"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, Any], message: str) -> None:
    given = {"kinds": CLOSED, "options": None} | settings
    with pytest.raises(UserError, match=message):
        layout(**given)


STYLES = [
    StrokeStyle("butt", "miter"),
    StrokeStyle("square", "bevel"),
    StrokeStyle("butt", "miter", miter_limit=1.2),
    StrokeStyle("butt", "round", dashes=(0.1, 0.04), dash_offset=0.03),
    StrokeStyle("round", "miter", dashes=(0.06,)),
]


def styled(style: StrokeStyle, width: float = 0.04) -> Scene:
    paint: Any = {"stroke_width": width, "style": style}
    shapes = [
        vectorae.rectangle((0.25, 0.25), 0.3, 0.2, angle=0.3, stroke="navy", **paint),
        vectorae.ellipse((0.7, 0.25), 0.2, 0.12, fill="gold", stroke="crimson", **paint),
        vectorae.line([(0.1, 0.5), (0.3, 0.9), (0.45, 0.55), (0.48, 0.9)], stroke="green", opacity=0.6, **paint),
        vectorae.curve([(0.55, 0.9), (0.6, 0.4), (0.9, 0.4), (0.95, 0.9)], stroke="black", **paint),
        vectorae.polygon([(0.55, 0.6), (0.7, 0.55), (0.62, 0.75)], stroke="purple", **paint),
        vectorae.rectangle((0.5, 0.08), 0.3, 0.08, roundness=0.5, stroke="orange", **paint),
    ]
    return Scene.of(shapes)


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_strokes_of_any_style_are_drawn_as_their_svg_and_come_back(style: StrokeStyle) -> None:
    given = styled(style)
    (text,) = to_svg(given, 128, 128)
    image = rasterize(given, 128, 128, coverage="ramp")[0]
    difference = (image - rendered(text, zoom=8)).abs()
    assert difference.mean() < 0.3 / 255 and difference.max() < 0.5  # one pixel, where a dash ends in a tight corner
    back = from_svg(text)
    assert {group.style.cap for group in back.groups if group.stroke_width is not None} == {style.cap}
    torch.testing.assert_close(rasterize(back, 128, 128, coverage="ramp")[0], image, atol=0.03, rtol=0)


@pytest.mark.parametrize("coverage", ["sigmoid", "ramp"])
@pytest.mark.parametrize("style", STYLES[::2], ids=str)
def test_backends_agree_on_strokes_of_any_style(style: StrokeStyle, coverage: str) -> None:
    given = Scene.of([vectorae.polygon(torch.rand(2, 4, 2).double(), stroke="red", stroke_width=0.1, style=style)])
    assert_agreement("cpu", given, 14, 19, coverage=coverage, softness=0.02)


@pytest.mark.parametrize("width", [0.0, 0.1, 0.5])
def test_strokes_thinner_than_a_pixel_have_the_right_ink(width: float) -> None:
    style = StrokeStyle("butt", "miter")
    line = vectorae.line([(0.21, 0.33), (0.78, 0.61)], stroke=1.0, stroke_width=width / 64, style=style)
    scene, expected = Scene.of([line], background=0), width * math.hypot(0.57, 0.28)
    ink = rasterize(scene, 64, 64, coverage="ramp").sum() / 64
    assert float(ink) == pytest.approx(expected, rel=1e-3, abs=1e-5)
    soft = rasterize(scene, 64, 64, softness=0.5 / 64).sum() / 64
    assert float(soft) == pytest.approx(expected, rel=0.02, abs=1e-4)


@pytest.mark.parametrize("softness", [1.0, 5.0])
@pytest.mark.parametrize("dashes", [(20, 20), (8, 4), (2, 2), (0, 12)], ids=str)
def test_soft_dashes_and_dots_have_the_ink_of_crisp_ones(dashes: tuple[float, float], softness: float) -> None:
    """Those thinner than their edge, whether that is longer than the gaps or not; in pixels of 128×128."""
    style = StrokeStyle("round" if dashes[0] == 0 else "butt", dashes=(dashes[0] / 128, dashes[1] / 128))
    line = vectorae.line([(0.21, 0.33), (0.78, 0.61)], stroke=1.0, stroke_width=0.8 / 128, style=style)
    scene = Scene.of([line], background=0)
    crisp, soft = rasterize(scene, 128, 128, coverage="ramp"), rasterize(scene, 128, 128, softness=softness / 128)
    assert float(soft.sum()) == pytest.approx(float(crisp.sum()), rel=0.2)


def test_a_layout_has_strokes_of_any_style() -> None:
    style = {"cap": "butt", "join": "miter", "dashes": [0.1, 0.05]}
    made = Layout(["line", "polygon", "circle"], count=3, paint="both", stroke=style)
    given = made(made.random_raw(1, seed=0))
    assert {group.style for group in given.groups} == {StrokeStyle("butt", "miter", dashes=(0.1, 0.05))}
    raw = made.random_raw(1, seed=0).requires_grad_()
    (gradient,) = torch.autograd.grad(rasterize(made(raw), 24, 24).square().sum(), raw)
    assert gradient.isfinite().all() and (gradient != 0).float().mean() > 0.8
    for stroke, message in (({"cup": "butt"}, "stroke.cup: no such key"), ({"cap": "flat"}, "stroke.cap must be")):
        with pytest.raises(UserError, match=message):
            Layout(["line"], count=1, stroke=stroke)


@pytest.mark.parametrize("field", ["stroke_color", "contour_opacity"])
def test_a_paint_of_nothing_is_refused(field: str) -> None:
    path = Path(torch.zeros(1, 1, 4, 2), closed=True)
    with pytest.raises(ValueError, match="needs a stroke_width"):
        Group(path, (0,), **{field: torch.zeros(1, 1, 3)})  # type: ignore[arg-type]
