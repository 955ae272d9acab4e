"""A shape that is highlighted in pictures and in an animation."""

from xml.etree import ElementTree

import pytest
import torch

from vectorae import Layout, UserError, rasterize
from vectorae.decoder import highlighted
from vectorae.svg import to_animated_svg

LAYOUT = Layout(["circle", "line"], rows=2, columns=2)


def test_the_outline_lies_over_the_images_and_nothing_else_changes() -> None:
    scene = LAYOUT(LAYOUT.random_raw(batch=2, seed=0), crisp=True)
    images = rasterize(scene, 256, 256)
    for slot in range(4):
        marked = highlighted(images, scene, slot)
        changed = (marked - images).abs().amax(1) > 0.01
        assert 0.002 < float(changed.float().mean()) < 0.25
        magenta = (marked - torch.tensor([1, 0, 0.6])[:, None, None]).abs().amax(1) < 0.1
        assert magenta.flatten(1).any(1).all(), "in each image"


def test_grey_images_become_coloured() -> None:
    layout = Layout(["circle"], rows=2, columns=2, channels=1)
    scene = layout(torch.zeros(1, layout.raw_size), crisp=True)
    marked = highlighted(torch.zeros(1, 1, 32, 32), scene, 0)
    assert marked.shape == (1, 3, 32, 32)
    assert float(marked[:, :, :, 20:].amax()) < 1e-4, "the first shape is on the left"


def test_it_moves_with_its_shape_in_an_animation() -> None:
    scenes = [LAYOUT(LAYOUT.random_raw(batch=1, seed=seed), crisp=True) for seed in range(3)]
    plain, marked = (ElementTree.fromstring(to_animated_svg(scenes, 64, 64, highlight=one)) for one in (None, 2))
    before, after = (root.findall("{*}g/*") for root in (plain, marked))
    assert len(after) == len(before) + 2
    assert [one.attrib["stroke"] for one in after[-2:]] == ["#ffffff", "#ff0099"]
    assert all(one.findall("{*}animate") for one in after[-2:])
    with pytest.raises(UserError, match=r"^highlight: no shape 4; the scenes have 0 to 3"):
        to_animated_svg(scenes, 64, 64, highlight=4)
