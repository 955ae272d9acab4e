"""A row of pixels composited by depth, and its derivative (see rasterizer.compositing.over_by_depth)."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

from vectorae.rasterizer.cpu.compiled import compiled

NOTHING = 1e-200
"""Far below what is seen of hundreds of shapes that hide each other by halves."""


@compiled
def see(alphas, in_front, seen, total, free):
    """How much of each shape is seen, t_k; the sum of α_k t_k; and what no shape covers. Rows of n pixels each."""
    total[:] = 0
    free[:] = 1
    for k in range(len(alphas)):
        seen[k, :] = 1
        for j in range(len(alphas)):
            if in_front[j, k] > 0:
                for i in range(len(total)):
                    seen[k, i] *= 1 - alphas[j, i] * in_front[j, k]
        for i in range(len(total)):
            total[i] += alphas[k, i] * seen[k, i]
            free[i] *= 1 - alphas[k, i]


@compiled
def composite(alphas, in_front, color, background, seen, total, free, image):
    """The row of an image, ``[C, n]``."""
    see(alphas, in_front, seen, total, free)
    for channel in range(len(image)):
        for i in range(len(total)):
            image[channel, i] = free[i] * background[channel]
        for k in range(len(alphas)):
            for i in range(len(total)):
                scale = (1 - free[i] + NOTHING) / (total[i] + NOTHING)
                image[channel, i] += scale * alphas[k, i] * seen[k, i] * color[k, channel]


@compiled
def differentiate_composite(
    gradient, alphas, in_front, color, background,
    seen, total, free, mean, before, by_seen, by_alphas, by_in_front, by_color, by_background,
):  # fmt: skip
    """Add the derivatives of Σ gradient · image by all but alpha, and write those by alpha.

    With Q = Σ α_k t_k g·c_k, the image's share of a shape is ρ α_k t_k, ρ = (1 − free) / Σ α_k t_k; the products over
    shapes are differentiated by what stands before and after each factor, so that opaque shapes are no exception.
    """
    count, n, channels = len(alphas), len(total), color.shape[1]
    see(alphas, in_front, seen, total, free)
    mean[:] = 0
    by_alphas[:] = 0
    for channel in range(channels):
        share = 0.0
        for i in range(n):
            share += gradient[channel, i] * free[i]
        by_background[channel] += share
        for k in range(count):
            share = 0.0
            for i in range(n):
                scale = (1 - free[i] + NOTHING) / (total[i] + NOTHING)
                weight = alphas[k, i] * seen[k, i]
                share += gradient[channel, i] * scale * weight
                mean[i] += gradient[channel, i] * weight * color[k, channel]
            by_color[k, channel] += share
    for i in range(n):
        mean[i] /= total[i] + NOTHING
    # What no shape covers: ∏ (1 − α).
    by_free = by_seen
    for i in range(n):
        by_free[i] = -mean[i]
    for channel in range(channels):
        for i in range(n):
            by_free[i] += gradient[channel, i] * background[channel]
    _add_product(-1, alphas, in_front, by_free, before, by_alphas, by_in_front)
    for k in range(count):
        for i in range(n):
            scale = (1 - free[i] + NOTHING) / (total[i] + NOTHING)
            wanted = -mean[i]
            for channel in range(channels):
                wanted += gradient[channel, i] * color[k, channel]
            by_alphas[k, i] += scale * wanted * seen[k, i]
            by_seen[i] = scale * wanted * alphas[k, i]
        _add_product(k, alphas, in_front, by_seen, before, by_alphas, by_in_front)


@compiled
def _add_product(k, alphas, in_front, weight, before, by_alphas, by_in_front):
    """Add the derivatives of Σ weight · ∏_j (1 − α_j s_j), s_j how far j is in front of k (1 for all where k is −1)."""
    count, n = alphas.shape
    before[0, :] = weight
    for j in range(count - 1):
        s = 1.0 if k < 0 else in_front[j, k]
        for i in range(n):
            before[j + 1, i] = before[j, i] * (1 - alphas[j, i] * s)
    after = before[count]
    after[:] = 1
    for j in range(count - 1, -1, -1):
        s = 1.0 if k < 0 else in_front[j, k]
        total = 0.0
        for i in range(n):
            others = before[j, i] * after[i]
            by_alphas[j, i] -= s * others
            total -= alphas[j, i] * others
            after[i] *= 1 - alphas[j, i] * s
        if k >= 0:
            by_in_front[j, k] += total
