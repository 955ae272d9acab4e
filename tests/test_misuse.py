"""Calls with wrong types, sizes and numbers: one line that says what is wrong, as a ValueError or TypeError."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import vectorae
from vectorae import Layout, Scene

LAYOUT = Layout(["circle", "square"], count=4)
RAW = LAYOUT.random_raw(2, 0)
SCENE = LAYOUT(RAW)

CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "size true": (lambda: vectorae.rasterize(SCENE, True, 4), "height must be an integer ≥ 1, got True"),
    "size 1.5": (lambda: vectorae.rasterize(SCENE, 4, 1.5), "width must be an integer ≥ 1, got 1.5"),  # type: ignore[arg-type]
    "size text": (lambda: vectorae.rasterize(SCENE, "16", 16), "height must be an integer ≥ 1, got '16'"),  # type: ignore[arg-type]
    "size of no memory": (lambda: vectorae.rasterize(SCENE, 10**6, 10**6), "would take 22352 GiB"),
    "array as scene": (lambda: vectorae.rasterize(np.zeros(3), 4, 4), "scene must be Scene, got ndarray"),  # type: ignore[arg-type]
    "softness NaN": (lambda: vectorae.rasterize(SCENE, 4, 4, softness=np.nan), "softness must be a number > 0"),
    "softness size": (
        lambda: vectorae.rasterize(SCENE, 4, 4, softness=torch.ones(3, 3)),
        r"softness: \[3, 3\]; a number or \[2, 4\] is wanted",
    ),
    "titles": (lambda: vectorae.to_svg(SCENE, 4, 4, titles=["a"]), "titles: 1 of them; one for each drawing"),
    "layers": (lambda: vectorae.to_svg(SCENE, 4, 4, layers=[]), "layers: 0 of them; one for each shape"),
    "kept": (lambda: vectorae.to_svg(SCENE, 4, 4, kept=torch.ones(1, 4)), r"kept: \[1, 4\]"),
    "few numbers": (lambda: LAYOUT(RAW[:, :3]), r"raw: \[2, 3\]; this layout takes a tensor \[B, "),
    "one drawing": (lambda: LAYOUT(RAW[0]), r"this layout takes a tensor \[B, "),
    "array as raw": (lambda: LAYOUT(RAW.numpy()), "raw: ndarray; this layout takes"),
    "batch": (lambda: LAYOUT.random_raw(-1, 0), "batch must be an integer ≥ 0, got -1"),
    "seed": (lambda: LAYOUT.random_raw(1, "x"), "seed must be an integer, got 'x'"),  # type: ignore[arg-type]
    "terms": (lambda: vectorae.Objective(3), "terms must be a mapping of weights by name"),  # type: ignore[arg-type]
    "shapes": (lambda: Scene.of([3]), "shapes: 3 is none"),  # type: ignore[list-item]
    "matrix": (lambda: SCENE.mapped([[1, 0], [0, 1]]), r"matrix: \[2, 2\]; an affine map is \[2, 3\]"),
    "path": (lambda: vectorae.load(3), "path must be text or a path, got 3"),  # type: ignore[arg-type]
    "document": (lambda: vectorae.from_svg(3), "svg: a document is a text, bytes or the path of a file, not int"),  # type: ignore[arg-type]
    "unknown word": (lambda: vectorae.circle((0, 0), 1, fil="red"), "unexpected keyword argument 'fil'"),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("name", CALLS)
def test_it_is_refused_in_one_line(name: str) -> None:
    call, message = CALLS[name]
    with pytest.raises((ValueError, TypeError), match=message) as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_no_drawings_are_drawn_as_none() -> None:
    assert vectorae.rasterize(LAYOUT(RAW[:0]), 4, 5).shape == (0, 3, 4, 5)
    assert vectorae.to_svg(LAYOUT(RAW[:0]), 4, 5) == []


def test_objects_are_shown_in_one_line() -> None:
    assert repr(LAYOUT) == f"Layout(4 shapes: 2 circle, 2 square; {LAYOUT.raw_size} raw numbers)"
    assert repr(SCENE).count("\n") == 0
