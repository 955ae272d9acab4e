"""A canvas of tiles: its shapes are those of the tiles, placed."""

from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState
from vectorae.layout import Layout, TiledLayout
from vectorae.rasterizer import Rasterizer

CRISP = DrawState(softness=0.1, exact=True)


def grid(columns: int, rows: int, step: float, side: float) -> tuple[Tensor, float]:
    """Corners of tiles and the aspect of their canvas, whose shorter side is 1."""
    x, y = torch.arange(columns) * step, torch.arange(rows) * step
    corners = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).flatten(0, 1)
    return corners, ((columns - 1) * step + side) / ((rows - 1) * step + side)


def three_by_two(tile: Layout, overlap: float = 0.0) -> TiledLayout:
    side = 1 / (2 - overlap)
    corners, aspect = grid(3, 2, side * (1 - overlap), side)
    return TiledLayout(tile, corners, side, aspect)


@pytest.mark.parametrize("ordering", ["slot", "depth"])
@pytest.mark.parametrize("background", ["learned", 0.5])
def test_each_tile_is_drawn_in_its_place(
    background: Literal["learned"] | float, ordering: Literal["slot", "depth"]
) -> None:
    tile = Layout(["circle", "triangle", "line"], count=6, background=background, ordering=ordering)
    layout, rasterizer = three_by_two(tile), Rasterizer()
    raw = layout.random_raw(batch=2, seed=0, spread=0.3)
    drawn = Decoder(layout, rasterizer).render(raw, 64, 96, replace(CRISP, softness=0.05))
    each = Decoder(tile, rasterizer).render(raw.view(12, -1), 32, 32, CRISP)
    for number in range(12):
        drawing, place = divmod(number, 6)
        top, left = 32 * (place // 3), 32 * (place % 3)
        inner = drawn[drawing, :, top + 4 : top + 28, left + 4 : left + 28]
        # Shapes of neighbours may reach in, at few pixels.
        assert ((inner - each[number, :, 4:28, 4:28]).abs() > 2e-3).float().mean() < 0.05
    assert layout.count == 36 + (6 if background == "learned" else 0)


def test_of_every_tile_as_many_shapes_are_below() -> None:
    layout = three_by_two(Layout(["circle", "square"], count=4))
    scene = layout(torch.zeros(1, layout.raw_size))
    # Backgrounds, and the lowest shape of each tile: three columns and two rows of them.
    lowest = scene.select(6, 12).bounds().center[0]
    assert (lowest * 2).floor().tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]


def test_backgrounds_cover_the_canvas_and_meet_between_overlapping_tiles() -> None:
    layout = three_by_two(Layout(["circle"], count=1, fields={"opacity": 0.0}), overlap=0.2)
    raw = torch.randn(1, layout.raw_size, generator=torch.Generator().manual_seed(0))
    height, width = 90, 130
    assert abs(layout.aspect - width / height) < 1e-3
    drawn = Decoder(layout, Rasterizer()).render(raw, height, width, CRISP)[0]
    colors = drawn.flatten(1).round(decimals=4).unique(dim=1)
    seams = 3 * (height + width)
    counted = sum(((drawn - color[:, None, None]).abs().amax(0) < 1e-3).sum() for color in colors.T)
    assert counted >= height * width
    tiles = layout(raw).color[0, :6]
    exact = torch.stack([(drawn - color[:, None, None]).abs().amax(0) < 1e-3 for color in tiles])
    assert exact.sum() > height * width - seams
    assert (exact.flatten(1).sum(1) > 0.8 * height * width / 6).all()


def test_every_number_belongs_to_its_slots() -> None:
    layout = three_by_two(Layout(["ellipse", "cubic"], count=3))
    owned = torch.cat([layout.indices_of([slot]) for slot in range(layout.count)])
    assert sorted(owned.tolist()) == list(range(layout.raw_size))
    assert len(layout.field_names()) == layout.raw_size
    before = layout(torch.zeros(1, layout.raw_size))
    for slot in (0, 5, 6, 13, layout.count - 1):
        raw = torch.zeros(1, layout.raw_size)
        raw[:, layout.indices_of([slot])] = 0.5
        changed = (layout(raw).color - before.color).abs().amax(-1)[0].nonzero().flatten()
        assert changed.tolist() == [slot]


def test_its_shapes_stay_where_they_are() -> None:
    layout = three_by_two(Layout(["circle"], count=2))
    assert not layout.seedable
    with pytest.raises(ValueError, match="stay where they are"):
        layout.raised([7], torch.zeros(1, layout.count, dtype=torch.bool))
