"""The loops over images, rows and shapes: drawing, and its derivative.

One image and one row at a time, computed in float64. The partial derivatives of a row are kept until the compositing
has told how much each pixel's coverage counts.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.rasterizer.cpu.area import add_area, area_row
from vectorae.rasterizer.cpu.box import box_row
from vectorae.rasterizer.cpu.compiled import compiled
from vectorae.rasterizer.cpu.depth import composite, differentiate_composite
from vectorae.rasterizer.cpu.polyline import polyline_row, region_row
from vectorae.rasterizer.cpu.profiles import RAMP, reach_beyond
from vectorae.rasterizer.cpu.rows import (
    ALPHA,
    BY_HALF_HEIGHT,
    BY_HALF_WIDTH,
    BY_ROUNDNESS,
    BY_SOFTNESS,
    BY_WIDTH,
    BY_X,
    BY_Y,
    KEPT,
    PLACE,
    ROUNDED,
    SEGMENT,
    SHARP,
    WORK,
    D,
    T,
)
from vectorae.rasterizer.cpu.shapes import BY_DEPTH, SOFT_OR
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    POLYLINE,
    REGION,
    ROUNDNESS,
    SIN,
    STROKE_WIDTH,
    STROKED_BOX,
)


@compiled
def _bounds(b, k, shapes, reach):
    """Left, top, right, bottom of all that a shape may cover, canvas units."""
    kind, numbers = shapes.kinds[k], shapes.numbers[b, k]
    if kind in (STROKED_BOX, POLYLINE):
        reach += numbers[STROKE_WIDTH] / 2
    if kind in (POLYLINE, REGION):
        left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
        for v in range(shapes.first[k], shapes.first[k] + shapes.size[b, k]):
            x, y = shapes.vertices[b, v, 0], shapes.vertices[b, v, 1]
            left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
    else:
        x, y, cos, sin = numbers[CENTER_X], numbers[CENTER_Y], abs(numbers[COS]), abs(numbers[SIN])
        across = cos * numbers[HALF_WIDTH] + sin * numbers[HALF_HEIGHT]
        down = sin * numbers[HALF_WIDTH] + cos * numbers[HALF_HEIGHT]
        left, top, right, bottom = x - across, y - down, x + across, y + down
    return left - reach, top - reach, right + reach, bottom + reach


@compiled
def _place_shapes(b, shapes, canvas, places):
    """Columns and rows that each shape of an image may cover: start, stop, top, bottom."""
    height, width, pixel = canvas.height, canvas.width, 1 / min(canvas.height, canvas.width)
    for k in range(len(places)):
        reach = reach_beyond(canvas.profile, shapes.softness[b, k], pixel)
        left, top, right, bottom = _bounds(b, k, shapes, reach)
        if left <= right and top <= bottom:  # false for NaN too
            places[k, 0] = int(min(max(math.floor(left / pixel - 0.5), 0), width))
            places[k, 1] = int(min(max(math.ceil(right / pixel + 0.5), 0), width))
            places[k, 2] = int(min(max(math.floor(top / pixel - 0.5), 0), height))
            places[k, 3] = int(min(max(math.ceil(bottom / pixel + 0.5), 0), height))
        elif shapes.kinds[k] == REGION and shapes.size[b, k] == 0:
            places[k] = 0
        else:
            places[k] = (0, width, 0, height)


@compiled
def _shape_row(b, k, shapes, canvas, row, place, work, rows, alpha):
    """Alpha of a shape in a row of pixels, each the mean of fine × fine sub-pixels, whose derivatives are kept."""
    kind, numbers, vertices, size = shapes.kinds[k], shapes.numbers[b, k], shapes.vertices[b], shapes.size[b, k]
    first, s, rounded, profile, fine = (
        shapes.first[k],
        shapes.softness[b, k],
        shapes.rounded[b, k],
        canvas.profile,
        canvas.fine,
    )
    smallest, tiny = np.finfo(shapes.numbers.dtype).eps, np.finfo(shapes.numbers.dtype).tiny
    pixel = 1 / (fine * min(canvas.height, canvas.width))
    start, n = place[0] * fine, (place[1] - place[0]) * fine
    if kind == REGION and profile == RAMP:
        area_row(vertices, first, size, fine * pixel, row, place[0], n // fine, work[T], rows[0, ROUNDED])
        for i in range(n // fine):
            alpha[i] = rounded * rows[0, ROUNDED, i]
        return
    for part in range(fine):
        y = (row * fine + part + 0.5) * pixel
        kept = rows[part]
        if kind == POLYLINE:
            width = numbers[STROKE_WIDTH]
            polyline_row(vertices, first, size, width, s, rounded, profile, pixel, y, start, n, tiny, work, kept)
        elif kind == REGION:
            region_row(vertices, first, size, s, rounded, profile, pixel, y, start, n, tiny, work, kept)
        else:
            sharp, blend = shapes.sharp[b, k], shapes.blend[b, k]
            box_row(kind, numbers, s, rounded, sharp, blend, profile, pixel, y, start, n, smallest, work, kept)
    if fine == 1:
        alpha[:n] = rows[0, ALPHA, :n]
        return
    for i in range(place[1] - place[0]):
        total = 0.0
        for part in range(fine):
            for j in range(i * fine, (i + 1) * fine):
                total += rows[part, ALPHA, j]
        alpha[i] = total / (fine * fine)


@compiled
def draw(images, band, shapes, canvas, image):
    """Draw rows of images into ``image`` ``[B, C, H, W]``.

    Args:
        images, band: from which image and row to which, exclusive.
        shapes, canvas: see ``cpu.shapes``.
    """
    count, channels, width, fine = len(shapes.kinds), shapes.color.shape[2], canvas.width, canvas.fine
    soft_or, by_depth = canvas.compositing == SOFT_OR, canvas.compositing == BY_DEPTH
    places = np.empty((count, 4), dtype=np.int64)
    work, rows = np.empty((WORK, width * fine)), np.empty((fine, KEPT, width * fine))
    alphas = np.zeros((count if by_depth else 1, width))
    seen, total, free = np.empty((len(alphas), width)), np.empty(width), np.empty(width)
    for b in range(images[0], images[1]):
        _place_shapes(b, shapes, canvas, places)
        for row in range(band[0], band[1]):
            for channel in range(channels):
                image[b, channel, row, :] = shapes.background[b, channel]
            for number in range(count):
                k = shapes.order[b, number]
                start, stop = places[k, 0], places[k, 1]
                alpha = alphas[k if by_depth else 0]
                if by_depth:
                    alpha[:] = 0
                if start >= stop or not places[k, 2] <= row < places[k, 3]:
                    continue
                if by_depth:
                    alpha = alpha[start:]
                _shape_row(b, k, shapes, canvas, row, places[k], work, rows, alpha)
                if by_depth:
                    continue
                for channel in range(channels):
                    ink, pixels = shapes.color[b, k, channel], image[b, channel, row, start:stop]
                    for i in range(len(pixels)):
                        if soft_or:
                            pixels[i] = 1 - (1 - pixels[i]) * (1 - alpha[i] * ink)
                        else:
                            pixels[i] += alpha[i] * (ink - pixels[i])
            if by_depth:
                composite(
                    alphas, shapes.in_front[b], shapes.color[b], shapes.background[b], seen, total, free,
                    image[b, :, row],
                )  # fmt: skip


@compiled
def differentiate(images, band, shapes, canvas, gradient, by):
    """Add to ``by`` (``Gradients``) the derivatives of Σ gradient · image over some rows of some images."""
    count, width, fine = len(shapes.kinds), canvas.width, canvas.fine
    by_depth = canvas.compositing == BY_DEPTH
    places = np.empty((count, 4), dtype=np.int64)
    work, rows = np.empty((WORK, width * fine)), np.empty((count, fine, KEPT, width * fine))
    alphas, by_alphas = np.zeros((count, width)), np.empty((count, width))
    # Transmittance differs from channel to channel only where ink adds up like light.
    in_front = np.empty((count, shapes.color.shape[2] if canvas.compositing == SOFT_OR else 1, width))
    scratch = np.empty((4, width))
    seen, before = np.empty((count, width)), np.empty((count + 1, width))
    for b in range(images[0], images[1]):
        _place_shapes(b, shapes, canvas, places)
        for row in range(band[0], band[1]):
            for k in range(count):
                start, stop = places[k, 0], places[k, 1]
                if by_depth:
                    alphas[k, :] = 0
                if start < stop and places[k, 2] <= row < places[k, 3]:
                    alpha = alphas[k, start:]
                    _shape_row(b, k, shapes, canvas, row, places[k], work, rows[k], alpha)
            if by_depth:
                differentiate_composite(
                    gradient[b, :, row], alphas, shapes.in_front[b], shapes.color[b], shapes.background[b],
                    seen, scratch[0], scratch[1], scratch[2], before, scratch[3], by_alphas, by.in_front[b],
                    by.color[b], by.background[b],
                )  # fmt: skip
            else:
                _differentiate_composite(b, row, shapes, canvas, gradient, places, alphas, in_front, by_alphas, by)
            for k in range(count):
                start, stop = places[k, 0], places[k, 1]
                if start < stop and places[k, 2] <= row < places[k, 3]:
                    weight = by_alphas[k, start:stop]
                    _add_shape(b, k, shapes, canvas, row, start, stop - start, weight, work[D], rows[k], by)


@compiled
def _differentiate_composite(b, row, shapes, canvas, gradient, places, alphas, in_front, by_alphas, by):
    """Write the derivatives by the alpha of each shape where it may be, and add those by colour and background.

    ∂C/∂α_k = T_k (c_k − B_k), with T_k the transmittance in front of shape k and B_k what lies behind it.
    """
    count, channels, width = len(places), shapes.color.shape[2], canvas.width
    soft_or = canvas.compositing == SOFT_OR
    layers = in_front.shape[1]
    passed, behind = np.ones((layers, width)), np.empty((channels, width))
    for number in range(count - 1, -1, -1):
        k = shapes.order[b, number]
        start, stop = places[k, 0], places[k, 1]
        if start >= stop or not places[k, 2] <= row < places[k, 3]:
            continue
        for layer in range(layers):
            ink = shapes.color[b, k, layer] if soft_or else 1.0
            remaining, front, alpha = passed[layer, start:stop], in_front[k, layer], alphas[k, start:stop]
            for i in range(len(remaining)):
                front[i] = remaining[i]
                remaining[i] *= 1 - alpha[i] * ink
    for channel in range(channels):
        layer, total = channel if soft_or else 0, 0.0
        behind[channel, :] = shapes.background[b, channel]
        for i in range(width):
            total += gradient[b, channel, row, i] * passed[layer, i]
        by.background[b, channel] += total
    for number in range(count):
        k = shapes.order[b, number]
        start, stop = places[k, 0], places[k, 1]
        if start >= stop or not places[k, 2] <= row < places[k, 3]:
            continue
        by_alpha, alpha = by_alphas[k, start:stop], alphas[k, start:stop]
        by_alpha[:] = 0
        for channel in range(channels):
            ink, front, total = shapes.color[b, k, channel], in_front[k, channel if soft_or else 0], 0.0
            weight, pixels = gradient[b, channel, row, start:stop], behind[channel, start:stop]
            for i in range(len(pixels)):
                below, seen = pixels[i], weight[i] * front[i]
                if soft_or:
                    by_alpha[i] += seen * (1 - below) * ink
                    total += seen * (1 - below) * alpha[i]
                    pixels[i] = 1 - (1 - below) * (1 - alpha[i] * ink)
                else:
                    by_alpha[i] += seen * (ink - below)
                    total += seen * alpha[i]
                    pixels[i] = below + alpha[i] * (ink - below)
            by.color[b, k, channel] += total


@compiled
def _add_shape(b, k, shapes, canvas, row, start, n, by_alpha, by_fine, rows, by):
    """Add a row's share of the derivatives by one shape, given those by its alpha; ``by_fine`` has room for a row."""
    kind, fine, pixel = shapes.kinds[k], canvas.fine, 1 / (canvas.fine * min(canvas.height, canvas.width))
    if kind == REGION and canvas.profile == RAMP:
        total = 0.0
        for i in range(n):
            total += by_alpha[i] * rows[0, ROUNDED, i]
            by_fine[i] = by_alpha[i] * shapes.rounded[b, k]
        by.rounded[b, k] += total
        first, size = shapes.first[k], shapes.size[b, k]
        add_area(shapes.vertices[b], first, size, fine * pixel, row, start, n, by_fine, by.vertices[b])
        return
    for i in range(n * fine):
        by_fine[i] = by_alpha[i // fine] / (fine * fine)
    for part in range(fine):
        kept = rows[part]
        _add_paint(b, k, n * fine, by_fine, kept, by)
        if kind in (POLYLINE, REGION):
            _add_vertices(n * fine, by_fine, kept, by.vertices[b])
        else:
            y = (row * fine + part + 0.5) * pixel
            _add_box(shapes.numbers[b, k], pixel, y, start * fine, n * fine, by_fine, kept, by.numbers[b, k])


@compiled
def _add_paint(b, k, n, by_alpha, rows, by):
    sum_s = sum_rounded = sum_sharp = sum_width = 0.0
    for i in range(n):
        sum_s += by_alpha[i] * rows[BY_SOFTNESS, i]
        sum_rounded += by_alpha[i] * rows[ROUNDED, i]
        sum_sharp += by_alpha[i] * rows[SHARP, i]
        sum_width += by_alpha[i] * rows[BY_WIDTH, i]
    by.softness[b, k] += sum_s
    by.rounded[b, k] += sum_rounded
    by.sharp[b, k] += sum_sharp
    by.numbers[b, k, STROKE_WIDTH] += sum_width


@compiled
def _add_vertices(n, by_alpha, rows, by_vertices):
    for i in range(n):
        place, v = rows[PLACE, i], int(rows[SEGMENT, i])
        if v >= 0:
            by_x, by_y = by_alpha[i] * rows[BY_X, i], by_alpha[i] * rows[BY_Y, i]
            by_vertices[v, 0] -= by_x * (1 - place)
            by_vertices[v, 1] -= by_y * (1 - place)
            by_vertices[v + 1, 0] -= by_x * place
            by_vertices[v + 1, 1] -= by_y * place


@compiled
def _add_box(numbers, pixel, y, start, n, by_alpha, rows, by_numbers):
    sum_x = sum_y = sum_x_dx = sum_y_dx = sum_half_width = sum_half_height = sum_roundness = 0.0
    for i in range(n):
        dx = (start + i + 0.5) * pixel - numbers[CENTER_X]
        by_x, by_y = by_alpha[i] * rows[BY_X, i], by_alpha[i] * rows[BY_Y, i]
        sum_x += by_x
        sum_y += by_y
        sum_x_dx += by_x * dx
        sum_y_dx += by_y * dx
        sum_half_width += by_alpha[i] * rows[BY_HALF_WIDTH, i]
        sum_half_height += by_alpha[i] * rows[BY_HALF_HEIGHT, i]
        sum_roundness += by_alpha[i] * rows[BY_ROUNDNESS, i]
    cos, sin, dy = numbers[COS], numbers[SIN], y - numbers[CENTER_Y]
    by_numbers[CENTER_X] += sin * sum_y - cos * sum_x
    by_numbers[CENTER_Y] -= sin * sum_x + cos * sum_y
    by_numbers[COS] += sum_x_dx + sum_y * dy
    by_numbers[SIN] += sum_x * dy - sum_y_dx
    by_numbers[HALF_WIDTH] += sum_half_width
    by_numbers[HALF_HEIGHT] += sum_half_height
    by_numbers[ROUNDNESS] += sum_roundness
