"""Scenes of shapes by hand: that they are the scene one would make of tensors, what is refused, and how scenes show."""

import math
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
import torch
from helpers.renderer import rendered

import vectorae
from vectorae import Group, Path, RoundedBox, Scene, UserError, rasterize, to_svg
from vectorae.scene import cat_outlines


def test_a_shape_is_the_scene_made_of_its_tensors() -> None:
    ones = torch.ones(1, 1)
    box = RoundedBox(torch.tensor([[[0.4, 0.6]]]), torch.tensor([[[0.2, 0.1]]]), 0.3 * ones, 0.5 * ones)
    expected = Scene((Group(box, (0,)),), torch.tensor([[[1.0, 0.0, 0.0]]]), 0.25 * ones, ones, torch.zeros(1, 3))
    made = Scene.of(
        [vectorae.rectangle((0.4, 0.6), 0.4, 0.2, angle=0.3, roundness=0.5, fill="red", opacity=0.25)], "black"
    )
    assert made == expected


def test_every_shape_is_drawn_as_its_svg() -> None:
    shapes = [
        vectorae.circle((0.3, 0.3), 0.2, fill="teal"),
        vectorae.ellipse((0.7, 0.3), 0.2, 0.1, angle=0.5, fill=(0.9, 0.5, 0.1), stroke="black", stroke_width=0.03),
        vectorae.rectangle((0.5, 0.5), 0.3, 0.1, stroke="navy", opacity=0.5),
        vectorae.polygon([(0.2, 0.6), (0.4, 0.9), (0.1, 0.9)], fill="#ff000080"),
        vectorae.line([(0.5, 0.6), (0.9, 0.7), (0.6, 0.9)]),
        vectorae.curve([(0.1, 0.1), (0.4, 0.0), (0.6, 0.2), (0.9, 0.1)], stroke=0.5, stroke_width=0.02),
        vectorae.path("M .6 .6 h .3 v .3 h -.3 z m .1 .1 q .1 -.1 .1 .1 z", fill_rule="evenodd", fill="gold"),
    ]
    scene = Scene.of(shapes, background="ivory")
    assert scene.count == 7
    (text,) = to_svg(scene, 96, 96)
    image = rasterize(scene, 96, 96, coverage="ramp")[0]
    assert (image - rendered(text, zoom=8)).abs().mean() < 1 / 255


def test_numbers_of_several_drawings_and_their_gradients() -> None:
    centers, radii = torch.rand(5, 2), torch.full((5,), 0.2, requires_grad=True)
    colors = torch.rand(5, 3, requires_grad=True)
    scene = Scene.of([vectorae.circle(centers, radii, fill=colors), vectorae.line([(0, 0), (1, 1)], stroke=0.5)], 1.0)
    assert (scene.batch, scene.count, scene.channels) == (5, 2, 3)
    rasterize(scene, 16, 16).square().sum().backward()
    for leaf in (radii, colors):
        assert leaf.grad is not None and leaf.grad.abs().sum(-1).min() > 0
    alone = Scene.of([vectorae.circle(centers[2], 0.2, fill=colors[2]), vectorae.line([(0, 0), (1, 1)], stroke=0.5)], 1)
    torch.testing.assert_close(rasterize(scene[2], 16, 16), rasterize(alone, 16, 16))


def test_tensors_among_numbers_keep_their_gradients() -> None:
    x, many = torch.tensor(0.5, requires_grad=True), torch.rand(4, requires_grad=True)
    corner = torch.tensor([0.1, 0.9], requires_grad=True)
    scene = Scene.of(
        [
            vectorae.circle((x, 0.5), 0.25, fill="red"),
            vectorae.circle((many, 0.5), 0.1, fill=(many, 0, 1)),
            vectorae.polygon([corner, (0.5, x), torch.tensor([0.9, 0.9])], fill=0.5),
        ]
    )
    assert scene.batch == 4
    for gradient in torch.autograd.grad(rasterize(scene, 16, 16, softness=0.05).square().sum(), [x, many, corner]):
        assert (gradient != 0).all()


def test_greys_stay_grey_and_digits_stay() -> None:
    scene = Scene.of([vectorae.circle(torch.tensor([0.5, 0.5]).double(), 0.25, fill=1.0)], background=0)
    assert (scene.channels, scene.opacity.dtype) == (1, torch.float64)
    assert float(rasterize(scene, 64, 64, coverage="ramp").mean()) == pytest.approx(math.pi / 16, abs=1e-4)


def test_no_shapes_are_an_empty_drawing() -> None:
    scene = Scene.of([], background="#3366cc")
    assert (scene.batch, scene.count) == (1, 0)
    assert rasterize(scene, 2, 3)[0, :, 0, 0].mul(255).round().tolist() == [51, 102, 204]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: vectorae.circle((0.5, 0.5), 0.2, fill="oragne"), "fill: no colour 'oragne'; write a name of CSS"),
        (lambda: vectorae.circle((0.5, 0.5), 0.2, fill=None, stroke=None), "shape: give it a fill, a stroke, or both"),
        (lambda: vectorae.circle((0.5, 0.5, 0.5), 0.2), r"shapes: numbers \[3\] where \[2\] are wanted, or \[B, 2\]"),
        (lambda: vectorae.circle("ab", 0.2), "shapes: 'ab' is not a number"),  # type: ignore[arg-type]
        (lambda: vectorae.polygon([(0, 0), (1, 1), (1,)]), "is not a number, or as many as there are coordinates"),
        (lambda: vectorae.circle(torch.rand(2, 2), torch.rand(3)), "shapes: tensors of 2 and of 3 drawings"),
        (
            lambda: Scene.of([vectorae.circle(torch.rand(2, 2), 0.1), vectorae.circle(torch.rand(3, 2), 0.1)]),
            "shapes: tensors of 2 and of 3 drawings; give all as many, or one",
        ),
        (lambda: Scene.of([vectorae.circle((0, 0), 0.1, fill=(1, 0))]), "fill: 2 numbers; it has one .* or three"),
        (lambda: Scene.of([vectorae.circle((0, 0), 0.1, fill=(1, 0, 0, 0.5))], None), "fill: 4 numbers"),
        (
            lambda: Scene.of([vectorae.circle((0, 0), 0.1, fill=(255, 0, 0))]),
            r"fill: \(255, 0, 0\) has numbers out",
        ),
        (lambda: vectorae.path("hello"), "path: 'hello' cannot be drawn"),
        (lambda: vectorae.path(""), "path: '' cannot be drawn"),
        (lambda: vectorae.path("banana"), "path: 'banana' cannot be drawn"),
        (lambda: vectorae.path("M 0 0 L 1 1", fill_rule="odd"), "a Path is filled by nonzero or evenodd, not 'odd'"),
    ],
)
def test_what_makes_no_shape_is_refused_in_one_line(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_scenes_and_their_parts_are_compared_by_what_they_hold() -> None:
    def scene(radius: float = 0.2) -> Scene:
        return Scene.of([vectorae.circle((0.5, 0.5), radius), vectorae.line([(0, 0), (1, 1)])])

    assert scene() == scene() and hash(scene()) == hash(scene())
    assert scene() != scene(0.3)
    assert scene() != scene().to(torch.float64)
    assert scene() != 3 and scene().groups[0] != scene().groups[1]
    assert scene() in [scene(0.3), scene()]
    one = vectorae.circle(torch.tensor([0.5, 0.5]), 0.2, fill=torch.rand(3))
    assert one == one and one != vectorae.circle((0.5, 0.5), 0.2)


def test_scenes_show_themselves_in_one_line() -> None:
    scene = Scene.of([vectorae.circle((0.5, 0.5), 0.2, fill="red", stroke="blue")])
    assert repr(scene) == (
        "Scene(batch=1, count=1, channels=3, groups=[1 RoundedBox stroked and filled], torch.float32, cpu)"
    )
    assert repr(Path(torch.zeros(2, 3, 4, 2), closed=True)) == (
        "Path(points=[2, 3, 4, 2], closed=True, degree=1, sizes=(), fill_rule='nonzero')"
    )
    assert "\n" not in repr(scene.groups[0])


@pytest.mark.parametrize("batch", [0, 1, 5, 30])
def test_notebooks_show_the_first_drawings(batch: int) -> None:
    scene = Scene.of([vectorae.circle(torch.rand(max(batch, 1), 2), 0.2, fill="red")], "black")[:batch]
    text = scene._repr_svg_()
    drawings = [one for one in ElementTree.fromstring(text) if one.tag.endswith("svg")]
    assert len(drawings) == min(batch, 16)
    assert len({(one.get("x"), one.get("y")) for one in drawings}) == len(drawings)
    if batch:
        assert float(rendered(text, zoom=1)[0].mean()) > 0.02


def test_what_makes_circles_says_so() -> None:
    """So that they are drawn exactly in closed form; what is joined with others is not known to be circles."""
    discs = vectorae.Layout(["circle"], count=2)
    read = vectorae.from_svg('<svg viewBox="0 0 9 9"><circle cx="4" cy="4" r="2"/><rect width="3" height="3"/></svg>')
    circles = [discs(discs.random_raw(1, seed=0)), read, Scene.of([vectorae.circle((0.5, 0.5), 0.2)], 1.0)]
    outlines = [one.groups[0].outline for one in circles]
    ellipse = Scene.of([vectorae.ellipse((0.5, 0.5), 0.2, 0.2)], 1.0).groups[0].outline
    assert all(isinstance(one, RoundedBox) and one.circular for one in outlines)
    assert isinstance(ellipse, RoundedBox) and not ellipse.circular
    boxes = [one for one in (*outlines, ellipse) if isinstance(one, RoundedBox)]
    assert cat_outlines(boxes[:2]).circular and not cat_outlines(boxes).circular
