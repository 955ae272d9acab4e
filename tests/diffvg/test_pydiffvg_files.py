"""SVG documents and image files."""

import math
from pathlib import Path

import pytest
import torch
from helpers.pydiffvg_scenes import SCENES, SIDE, draw

import vectorae
from vectorae import pydiffvg
from vectorae.errors import UserError


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_that_is_written_and_read_looks_the_same(name: str, tmp_path: Path) -> None:
    scene = SCENES[name]()
    pydiffvg.save_svg(tmp_path / "scene.svg", SIDE, SIDE, *scene)
    width, height, shapes, groups = pydiffvg.svg_to_scene(tmp_path / "scene.svg")
    assert (width, height) == (SIDE, SIDE)
    # Strokes of varying width and under uneven maps are polygons, others sampled.
    torch.testing.assert_close(draw((shapes, groups)), draw(scene).detach(), atol=0.08, rtol=0)
    assert float((draw((shapes, groups)) - draw(scene).detach()).abs().mean()) < 3e-3


@pytest.mark.parametrize("name", ["circle", "ellipse", "rect", "polygon", "curve", "ring", "linear"])
def test_other_readers_see_the_same(name: str, tmp_path: Path) -> None:
    scene = SCENES[name]()
    pydiffvg.save_svg(tmp_path / "scene.svg", SIDE, SIDE, *scene)
    own = vectorae.rasterize(vectorae.from_svg(tmp_path / "scene.svg"), SIDE, SIDE, coverage="ramp")[0]
    image = draw(scene, background=torch.ones(SIDE, SIDE, 4)).detach()[..., :3]
    torch.testing.assert_close(image, own.permute(1, 2, 0), atol=0.03, rtol=0)


def _read(text: str, tmp_path: Path) -> tuple[int, int, list[pydiffvg.shapes.Shape], list[pydiffvg.ShapeGroup]]:
    (tmp_path / "read.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {text}</svg>')
    return pydiffvg.svg_to_scene(tmp_path / "read.svg")


def test_elements_become_shapes_of_their_kind(tmp_path: Path) -> None:
    width, height, shapes, groups = _read(
        'width="80mm" height="40mm" viewBox="0 0 200 100">'
        '<circle id="sun" cx="20" cy="30" r="10" fill="#f00" fill-opacity=".5"/>'
        '<ellipse cx="60" cy="30" rx="10" ry="5" transform="rotate(30 60 30)"/>'
        '<rect x="100" y="10" width="30" height="20" stroke="#00f" stroke-width="4"/>'
        '<polygon points="10,60 40,60 25,90"/><line x1="60" y1="60" x2="90" y2="90" stroke="#000"/>'
        '<path d="M110 60 L140 60 Q150 75 140 90 C130 95 120 95 110 90 Z M120 70 h10 v10 h-10 z" fill-rule="evenodd"/>',
        tmp_path,
    )
    assert (width, height) == (200, 100)
    kinds = "Circle", "Ellipse", "Rect", "Polygon", "Polygon", "Path", "Path"
    assert tuple(type(shape).__name__ for shape in shapes) == kinds
    assert (groups[0].id, shapes[0].id) == ("sun", "sun")
    torch.testing.assert_close(groups[0].fill_color, torch.tensor([1.0, 0.0, 0.0, 0.5]))
    assert float(shapes[2].stroke_width) == 2
    assert groups[1].shape_to_canvas[0, 1] == pytest.approx(-math.sin(math.pi / 6), abs=1e-5)
    path = shapes[5]
    assert isinstance(path, pydiffvg.Path)
    assert path.num_control_points.tolist() == [0, 1, 2, 0] and path.is_closed and len(path.points) == 7
    assert groups[-1].shape_ids.tolist() == [5, 6] and groups[-1].use_even_odd_rule


def test_what_cannot_be_shown_is_named_in_one_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="left out: .*text"):
        _, _, shapes, groups = _read(
            'viewBox="0 0 20 20"><text y="9">a</text><g opacity=".5"><rect width="9" height="9"/></g>', tmp_path
        )
    assert len(shapes) == 1 and float(groups[0].fill_color[3]) == 0.5


@pytest.mark.parametrize("spread", ["linear", "radial"])
def test_gradients_are_read(spread: str, tmp_path: Path) -> None:
    _, _, _, groups = _read(
        f'viewBox="0 0 20 20"><defs><{spread}Gradient id="a"><stop offset="0" stop-color="#f00"/><stop offset="1" '
        f'stop-color="#00f" stop-opacity=".5"/></{spread}Gradient></defs><rect width="20" height="10" fill="url(#a)"/>',
        tmp_path,
    )
    gradient = groups[0].fill_color
    torch.testing.assert_close(gradient.stop_colors[1], torch.tensor([0.0, 0.0, 1.0, 0.5]))
    if spread == "radial":
        torch.testing.assert_close(gradient.radius, torch.tensor([10.0, 5.0]))


def test_data_of_paths() -> None:
    (path,) = pydiffvg.from_svg_path("M1 2 h4 a2 2 0 0 1 2 2 q1 1 0 3")
    assert path.num_control_points.tolist() == [0, 2, 1] and not path.is_closed
    double = torch.diag(torch.tensor([2.0, 2.0, 1.0]))
    (closed,) = pydiffvg.from_svg_path("M1 2 h4 v4", shape_to_canvas=double, force_close=True)
    assert closed.is_closed and closed.points.tolist() == [[2.0, 4.0], [10.0, 4.0], [10.0, 12.0]]
    assert pydiffvg.from_svg_path("") == []
    with pytest.raises(UserError, match="no data of a path"):
        pydiffvg.from_svg_path("nonsense")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_written_and_read(channels: int, tmp_path: Path) -> None:
    image = torch.rand(5, 7, channels, generator=torch.Generator().manual_seed(0))
    pydiffvg.imwrite(image, tmp_path / "new" / "image.png")
    again = pydiffvg.imread(tmp_path / "new" / "image.png")
    expected = image.expand(-1, -1, 3) if channels == 1 else image
    torch.testing.assert_close(again, expected, atol=0.01, rtol=0)


def test_images_may_be_stretched_and_flat(tmp_path: Path) -> None:
    image = torch.tensor([[-1.0, 3.0]])
    pydiffvg.imwrite(image.numpy(), str(tmp_path / "image.png"), gamma=1.0, normalize=True)
    assert pydiffvg.imread(tmp_path / "image.png", gamma=1.0)[0, :, 0].tolist() == [0.0, 1.0]
    with pytest.raises(UserError, match="imwrite"):
        pydiffvg.imwrite(torch.zeros(2, 2, 5), tmp_path / "image.png")
    with pytest.raises(UserError, match="imread"):
        pydiffvg.imread(tmp_path / "none.png")


def test_gamma_is_a_filter(tmp_path: Path) -> None:
    pydiffvg.save_svg(tmp_path / "scene.svg", SIDE, SIDE, *SCENES["circle"](), use_gamma=True)
    assert 'type="gamma"' in (tmp_path / "scene.svg").read_text()
