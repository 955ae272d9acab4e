"""Tiles: how many a shape may cover, where their pixels lie, and copies of them from and to images."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import ZERO, compiled, inlined
from vectorae.rasterizer.cpu.scratch import CANVAS_X, CANVAS_Y, PIXELS, TILE


@inlined
def tiles_of_shape(bounds, first_row, last_row):
    """Number of tiles that a shape may cover, in a range of rows of tiles."""
    if bounds[0] >= bounds[1]:
        return 0
    top, bottom = max(bounds[2] // TILE, first_row), min((bounds[3] - 1) // TILE + 1, last_row)
    return max(bottom - top, 0) * ((bounds[1] - 1) // TILE + 1 - bounds[0] // TILE)


@inlined
def locate_tile(tile, images, band, canvas):
    """Image, first column and first row of a tile, by its number among those of a part of the work (see plan.py)."""
    columns = (canvas.width + TILE - 1) // TILE
    tiles = (band[1] - band[0]) * columns
    return images[0] + tile // tiles, tile % columns * TILE, (band[0] + tile % tiles // columns) * TILE


@inlined
def pixel_of(canvas, work):
    """The size of a pixel in canvas units."""
    return work.dtype.type(1 / min(canvas.height, canvas.width))


@inlined
def centre_of(index, pixel):
    """Position of the centre of a pixel on the canvas, along either axis."""
    return (np.float32(index) + np.float32(0.5)) * pixel


@inlined
def locate_pixels(work, left, top, whole, across, down):
    """Write the positions of a tile's pixels on the canvas.

    Args:
        left, top: the tile's first column and row.
        whole: size of a pixel in canvas units.
        across, down: position within each pixel, 0 to 1.
    """
    for p in range(PIXELS):
        work[CANVAS_X, p], work[CANVAS_Y, p] = (left + p % TILE + across) * whole, (top + p // TILE + down) * whole


@compiled
def read_tile(images, b, left, top, work, first):
    """Copy a tile of ``images`` ``[B, C, H, W]`` to the rows from ``first`` on, 0 beyond the image."""
    height, width = min(TILE, images.shape[2] - top), min(TILE, images.shape[3] - left)
    for channel in range(images.shape[1]):
        if height < TILE or width < TILE:
            for p in range(PIXELS):
                work[first + channel, p] = ZERO
        for r in range(height):
            row, pixels = images[b, channel, top + r, left:], work[first + channel, r * TILE :]
            if width == TILE:
                _copy_row(row, pixels)
            else:
                for i in range(width):
                    pixels[i] = row[i]


@compiled
def write_tile(images, b, left, top, work, first):
    """Copy the rows from ``first`` on to a tile of ``images`` ``[B, C, H, W]``."""
    height, width = min(TILE, images.shape[2] - top), min(TILE, images.shape[3] - left)
    for channel in range(images.shape[1]):
        for r in range(height):
            row, pixels = images[b, channel, top + r, left:], work[first + channel, r * TILE :]
            if width == TILE:
                _copy_row(pixels, row)
            else:
                for i in range(width):
                    row[i] = pixels[i]


@inlined
def _copy_row(source, target):
    """Copy the pixels of a row of a tile: as many as the compiler knows, so that it needs no loop."""
    for i in range(TILE):
        target[i] = source[i]
