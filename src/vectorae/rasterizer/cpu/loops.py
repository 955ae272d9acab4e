"""The loops over images, rows and shapes: drawing, and its derivative.

One image and one row at a time, computed in float64. The partial derivatives of a row are kept until the compositing
has told how much each pixel's coverage counts.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.rasterizer.cpu.box import box_row
from vectorae.rasterizer.cpu.polyline import polyline_row
from vectorae.rasterizer.cpu.profiles import compiled, reach_beyond
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
    POLYLINE,
    ROUNDED,
    SEGMENT,
    SHARP,
    WORK,
)


@compiled
def _bounds(kind, numbers, vertices, first, size, reach):
    """Left, top, right, bottom of all that a shape may cover, canvas units."""
    reach += numbers[7] / 2
    if kind == POLYLINE:
        left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
        for v in range(first, first + size):
            left, right = min(left, vertices[v, 0]), max(right, vertices[v, 0])
            top, bottom = min(top, vertices[v, 1]), max(bottom, vertices[v, 1])
    else:
        x, y = numbers[0], numbers[1]
        across = abs(numbers[2]) * numbers[4] + abs(numbers[3]) * numbers[5]
        down = abs(numbers[3]) * numbers[4] + abs(numbers[2]) * numbers[5]
        left, top, right, bottom = x - across, y - down, x + across, y + down
    return left - reach, top - reach, right + reach, bottom + reach


@compiled
def _place_shapes(kinds, first, size, numbers, vertices, softness, profile, pixel, height, width, places):
    """Columns and rows that each shape of an image may cover: start, stop, top, bottom."""
    for k in range(len(kinds)):
        reach = reach_beyond(profile, softness[k], pixel)
        left, top, right, bottom = _bounds(kinds[k], numbers[k], vertices, first[k], size[k], reach)
        if left <= right and top <= bottom:  # false for NaN too
            places[k, 0] = int(min(max(math.floor(left / pixel - 0.5), 0), width))
            places[k, 1] = int(min(max(math.ceil(right / pixel + 0.5), 0), width))
            places[k, 2] = int(min(max(math.floor(top / pixel - 0.5), 0), height))
            places[k, 3] = int(min(max(math.ceil(bottom / pixel + 0.5), 0), height))
        else:
            places[k] = (0, width, 0, height)


@compiled
def _shape_row(
    k, kinds, first, size, blend, numbers, vertices, softness, rounded, sharp,
    profile, pixel, fine, row, place, smallest, tiny, work, rows, alpha,
):  # fmt: skip
    """Alpha of a shape in a row of pixels, each the mean of fine × fine sub-pixels, whose derivatives are kept."""
    start, n = place[0] * fine, (place[1] - place[0]) * fine
    for part in range(fine):
        y = (row * fine + part + 0.5) * pixel
        if kinds[k] == POLYLINE:
            polyline_row(
                vertices, first[k], size[k], numbers[k, 7], softness[k], rounded[k],
                profile, pixel, y, start, n, tiny, work, rows[part],
            )  # fmt: skip
        else:
            box_row(
                kinds[k], numbers[k], softness[k], rounded[k], sharp[k], blend[k],
                profile, pixel, y, start, n, smallest, work, rows[part],
            )  # fmt: skip
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
def draw(
    image_from, image_to, row_from, row_to,
    kinds, first, size, blend,
    numbers, vertices, softness, rounded, sharp, color, background,
    height, width, fine, profile, soft_or,
    image,
):  # fmt: skip
    """Draw rows of images into ``image`` ``[B, C, H, W]``; the other arrays as rasterizer.cpu packs them."""
    count, channels, pixel = len(kinds), color.shape[2], 1 / (fine * min(height, width))
    smallest, tiny = np.finfo(numbers.dtype).eps, np.finfo(numbers.dtype).tiny
    places = np.empty((count, 4), dtype=np.int64)
    work, rows = np.empty((WORK, width * fine)), np.empty((fine, KEPT, width * fine))
    alpha = np.empty(width)
    for b in range(image_from, image_to):
        _place_shapes(
            kinds, first, size, numbers[b], vertices[b], softness[b], profile, pixel * fine, height, width, places
        )
        for row in range(row_from, row_to):
            for channel in range(channels):
                image[b, channel, row, :] = background[b, channel]
            for k in range(count):
                if not places[k, 2] <= row < places[k, 3]:
                    continue
                _shape_row(
                    k, kinds, first, size, blend[b], numbers[b], vertices[b], softness[b], rounded[b], sharp[b],
                    profile, pixel, fine, row, places[k], smallest, tiny, work, rows, alpha,
                )  # fmt: skip
                for channel in range(channels):
                    ink, canvas = color[b, k, channel], image[b, channel, row, places[k, 0] : places[k, 1]]
                    for i in range(len(canvas)):
                        if soft_or:
                            canvas[i] = 1 - (1 - canvas[i]) * (1 - alpha[i] * ink)
                        else:
                            canvas[i] += alpha[i] * (ink - canvas[i])


@compiled
def differentiate(
    image_from, image_to, row_from, row_to,
    kinds, first, size, blend,
    numbers, vertices, softness, rounded, sharp, color, background,
    height, width, fine, profile, soft_or,
    gradient,
    by_numbers, by_vertices, by_softness, by_rounded, by_sharp, by_color, by_background,
):  # fmt: skip
    """Add to ``by_…`` the derivatives of Σ gradient · image over some rows of some images."""
    count, channels, pixel = len(kinds), color.shape[2], 1 / (fine * min(height, width))
    smallest, tiny = np.finfo(numbers.dtype).eps, np.finfo(numbers.dtype).tiny
    places = np.empty((count, 4), dtype=np.int64)
    work, rows = np.empty((WORK, width * fine)), np.empty((count, fine, KEPT, width * fine))
    alphas = np.empty((count, width))
    # Transmittance differs from channel to channel only where ink adds up like light.
    layers = channels if soft_or else 1
    in_front = np.empty((count, layers, width))
    passed = np.empty((layers, width))
    behind = np.empty((channels, width))
    by_alpha, by_fine = np.empty(width), np.empty(width * fine)
    for b in range(image_from, image_to):
        _place_shapes(
            kinds, first, size, numbers[b], vertices[b], softness[b], profile, pixel * fine, height, width, places
        )
        for row in range(row_from, row_to):
            passed[:] = 1
            for k in range(count - 1, -1, -1):
                if not places[k, 2] <= row < places[k, 3]:
                    continue
                _shape_row(
                    k, kinds, first, size, blend[b], numbers[b], vertices[b], softness[b], rounded[b], sharp[b],
                    profile, pixel, fine, row, places[k], smallest, tiny, work, rows[k], alphas[k],
                )  # fmt: skip
                for layer in range(layers):
                    ink = color[b, k, layer] if soft_or else 1.0
                    remaining, front = passed[layer, places[k, 0] : places[k, 1]], in_front[k, layer]
                    for i in range(len(remaining)):
                        front[i] = remaining[i]
                        remaining[i] *= 1 - alphas[k, i] * ink
            for channel in range(channels):
                layer, total = channel if soft_or else 0, 0.0
                behind[channel, :] = background[b, channel]
                for i in range(width):
                    total += gradient[b, channel, row, i] * passed[layer, i]
                by_background[b, channel] += total
            for k in range(count):
                if not places[k, 2] <= row < places[k, 3]:
                    continue
                start, stop = places[k, 0], places[k, 1]
                n = stop - start
                by_alpha[:n] = 0
                for channel in range(channels):
                    ink, layer, total = color[b, k, channel], channel if soft_or else 0, 0.0
                    weight, canvas = gradient[b, channel, row, start:stop], behind[channel, start:stop]
                    for i in range(n):
                        alpha, below = alphas[k, i], canvas[i]
                        seen = weight[i] * in_front[k, layer, i]
                        if soft_or:
                            by_alpha[i] += seen * (1 - below) * ink
                            total += seen * (1 - below) * alpha
                            canvas[i] = 1 - (1 - below) * (1 - alpha * ink)
                        else:
                            by_alpha[i] += seen * (ink - below)
                            total += seen * alpha
                            canvas[i] = below + alpha * (ink - below)
                    by_color[b, k, channel] += total
                for i in range(n * fine):
                    by_fine[i] = by_alpha[i // fine] / (fine * fine)
                for part in range(fine):
                    _add_shape(
                        k, kinds[k], numbers[b, k], pixel, row * fine + part, start * fine, n * fine, by_fine,
                        rows[k, part], by_numbers[b, k], by_vertices[b], by_softness[b], by_rounded[b], by_sharp[b],
                    )  # fmt: skip


@compiled
def _add_shape(
    k, kind, numbers, pixel, row, start, n, by_alpha, rows,
    by_numbers, by_vertices, by_softness, by_rounded, by_sharp,
):  # fmt: skip
    """Add a row's share of the derivatives by one shape's numbers, given those by its alpha."""
    sum_s = sum_rounded = sum_sharp = sum_width = 0.0
    for i in range(n):
        sum_s += by_alpha[i] * rows[BY_SOFTNESS, i]
        sum_rounded += by_alpha[i] * rows[ROUNDED, i]
        sum_sharp += by_alpha[i] * rows[SHARP, i]
        sum_width += by_alpha[i] * rows[BY_WIDTH, i]
    by_softness[k] += sum_s
    by_rounded[k] += sum_rounded
    by_sharp[k] += sum_sharp
    by_numbers[7] += sum_width
    if kind == POLYLINE:
        for i in range(n):
            place, v = rows[PLACE, i], int(rows[SEGMENT, i])
            by_x, by_y = by_alpha[i] * rows[BY_X, i], by_alpha[i] * rows[BY_Y, i]
            by_vertices[v, 0] -= by_x * (1 - place)
            by_vertices[v, 1] -= by_y * (1 - place)
            by_vertices[v + 1, 0] -= by_x * place
            by_vertices[v + 1, 1] -= by_y * place
        return
    sum_x = sum_y = sum_x_dx = sum_y_dx = sum_half_width = sum_half_height = sum_roundness = 0.0
    for i in range(n):
        dx = (start + i + 0.5) * pixel - numbers[0]
        by_x, by_y = by_alpha[i] * rows[BY_X, i], by_alpha[i] * rows[BY_Y, i]
        sum_x += by_x
        sum_y += by_y
        sum_x_dx += by_x * dx
        sum_y_dx += by_y * dx
        sum_half_width += by_alpha[i] * rows[BY_HALF_WIDTH, i]
        sum_half_height += by_alpha[i] * rows[BY_HALF_HEIGHT, i]
        sum_roundness += by_alpha[i] * rows[BY_ROUNDNESS, i]
    cos, sin, dy = numbers[2], numbers[3], (row + 0.5) * pixel - numbers[1]
    by_numbers[0] += sin * sum_y - cos * sum_x
    by_numbers[1] -= sin * sum_x + cos * sum_y
    by_numbers[2] += sum_x_dx + sum_y * dy
    by_numbers[3] += sum_x * dy - sum_y_dx
    by_numbers[4] += sum_half_width
    by_numbers[5] += sum_half_height
    by_numbers[6] += sum_roundness
