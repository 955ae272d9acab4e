"""Drawings from all over, where the data are: as resvg shows them."""

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers.renderer import rendered

from vectorae import rasterize
from vectorae.svg import read_svg

DATA = os.environ.get("VECTORAE_DATA")

pytestmark = pytest.mark.skipif(DATA is None, reason="VECTORAE_DATA, where documents of others are, is not set")


def documents(folder: str = ".") -> list[Path]:
    return sorted(Path(DATA or "", "svg", folder).rglob("*.svg"))


def stretched(text: str, width: int, height: int) -> str:
    """The document in exactly so many pixels: by less than one, so that both renderers have the same grid."""
    reading, root = read_svg(text), ElementTree.fromstring(text.encode())
    root.attrib.setdefault("viewBox", f"0 0 {reading.width} {reading.height}")
    root.attrib.update(width=str(width), height=str(height), preserveAspectRatio="none")
    return ElementTree.tostring(root, encoding="unicode")


def test_documents_of_the_world_are_drawn_as_by_resvg() -> None:
    """Every eighth of icons, flags, logos and drawings; the whole table is in the docs."""
    wrong = []
    files = [path for path in documents() if "resvg" not in path.parts]
    for path in files[::8]:
        text = path.read_text(encoding="utf-8")
        reading = read_svg(text)
        width, height = round(100 * reading.width / reading.height), 100
        ours = rasterize(reading.scene, height, width, coverage="ramp")[0]
        theirs = rendered(text, size=(height, width), paper="white")
        if reading.skipped or (ours - theirs).abs().mean() > 0.01:
            wrong.append(path.name)
    assert len(files) > 150
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("number", range(14))
def test_drawings_have_exact_edges_and_no_seams(number: int) -> None:
    """Those that diffvg is shown with, drawn with oversampling: some are made of shapes that abut."""
    text = documents("drawings")[number].read_text(encoding="utf-8")
    reading = read_svg(text)
    height = 200
    width = round(height * reading.width / reading.height)
    text = stretched(text, width, height)
    ours = rasterize(read_svg(text).scene, height, width, coverage="ramp", oversampling=4)[0]
    theirs = rendered(text, paper="white")
    error = (ours - theirs).abs()
    edges = theirs.unfold(1, 3, 1).unfold(2, 3, 1).flatten(-2)
    at_edges = (edges.amax(-1) - edges.amin(-1)).amax(0) > 0.02
    assert reading.skipped == {}
    assert error.mean() < 1 / 255
    assert error.amax(0)[1:-1, 1:-1][at_edges].mean() < 0.03
