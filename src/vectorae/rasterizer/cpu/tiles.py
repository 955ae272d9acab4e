"""Tiles: how many a shape may cover, where their pixels lie, and copies of them from and to images."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import ZERO, compiled, inlined
from vectorae.rasterizer.cpu.scratch import CANVAS_X, CANVAS_Y, PIXELS, TILE_HEIGHT, TILE_WIDTH
from vectorae.rasterizer.cpu.vectors import copy_row


@inlined
def columns_of_tiles(canvas):
    """Number of tiles that are side by side."""
    return (canvas.width + TILE_WIDTH - 1) // TILE_WIDTH


@inlined
def columns_and_rows(bounds, band):
    """The range of columns and of rows of tiles that a shape may cover, in a range of rows of tiles.

    Args:
        bounds: of the shape, in pixels, see ``find_bounds``; not empty.

    Returns:
        First column, end column, first row, end row.
    """
    top, bottom = max(bounds[2] // TILE_HEIGHT, band[0]), min((bounds[3] - 1) // TILE_HEIGHT + 1, band[1])
    return bounds[0] // TILE_WIDTH, (bounds[1] - 1) // TILE_WIDTH + 1, top, bottom


@inlined
def tiles_of_shape(bounds, first_row, last_row):
    """Number of tiles that a shape may cover, in a range of rows of tiles."""
    if bounds[0] >= bounds[1]:
        return 0
    left, right, top, bottom = columns_and_rows(bounds, (first_row, last_row))
    return max(bottom - top, 0) * (right - left)


@inlined
def locate_tile(tile, images, band, canvas):
    """Image, first column and first row of a tile, by its number among those of a part of the work (see plan.py)."""
    columns = columns_of_tiles(canvas)
    tiles = (band[1] - band[0]) * columns
    row = band[0] + tile % tiles // columns
    return images[0] + tile // tiles, tile % columns * TILE_WIDTH, row * TILE_HEIGHT


@inlined
def pixel_of(canvas, work):
    """The size of a pixel in canvas units."""
    return work.dtype.type(1 / min(canvas.height, canvas.width))


@inlined
def centre_of(index, pixel):
    """Position of the centre of a pixel on the canvas, along either axis."""
    return (np.float32(index) + np.float32(0.5)) * pixel


@inlined
def locate_pixels(work, left, top, pixel):
    """Write the positions of a tile's pixels on the canvas: their centres.

    Args:
        left, top: the tile's first column and row.
        pixel: size of a pixel in canvas units.
    """
    for p in range(PIXELS):
        work[CANVAS_X, p] = centre_of(left + p % TILE_WIDTH, pixel)
        work[CANVAS_Y, p] = centre_of(top + p // TILE_WIDTH, pixel)


@compiled
def read_tile(images, b, left, top, work, first):
    """Copy a tile of ``images`` ``[B, C, H, W]`` to the rows from ``first`` on, 0 beyond the image."""
    height, width = min(TILE_HEIGHT, images.shape[2] - top), min(TILE_WIDTH, images.shape[3] - left)
    for channel in range(images.shape[1]):
        if height < TILE_HEIGHT or width < TILE_WIDTH:
            for p in range(PIXELS):
                work[first + channel, p] = ZERO
        for r in range(height):
            if width == TILE_WIDTH:
                copy_row(images, (b, channel, top + r, left), work, (first + channel, r * TILE_WIDTH))
            else:
                for i in range(width):
                    work[first + channel, r * TILE_WIDTH + i] = images[b, channel, top + r, left + i]


@compiled
def write_tile(images, b, left, top, work, first):
    """Copy the rows from ``first`` on to a tile of ``images`` ``[B, C, H, W]``."""
    height, width = min(TILE_HEIGHT, images.shape[2] - top), min(TILE_WIDTH, images.shape[3] - left)
    for channel in range(images.shape[1]):
        for r in range(height):
            if width == TILE_WIDTH:
                copy_row(work, (first + channel, r * TILE_WIDTH), images, (b, channel, top + r, left))
            else:
                for i in range(width):
                    images[b, channel, top + r, left + i] = work[first + channel, r * TILE_WIDTH + i]
