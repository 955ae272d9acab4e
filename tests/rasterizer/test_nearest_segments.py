"""The nearest segment of many places, against all distances."""

import numpy as np
import pytest

from vectorae.rasterizer.cpu.nearest import EVEN_ODD, NONZERO, UNFILLED, nearest_segments


@pytest.mark.parametrize("fill", [UNFILLED, NONZERO, EVEN_ODD])
def test_nearest_of_all(fill: int) -> None:
    generator = np.random.default_rng(0)
    corners = generator.random((2, 7, 2), dtype=np.float32)
    segments = np.stack([corners, np.roll(corners, -1, axis=1)], axis=2).reshape(-1, 2, 2)
    places = generator.random((300, 2), dtype=np.float32)
    edges = np.ones(14, dtype=np.bool_)
    edges[6] = False
    found, inside = nearest_segments(places, segments, edges, np.array([0, 7, 14]), np.array([fill, UNFILLED]))
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    apart = places[:, None] - start
    part = np.clip((apart * along).sum(-1) / (along**2).sum(-1), 0, 1)
    distance = np.linalg.norm(apart - part[..., None] * along, axis=-1)
    distance[:, 6] = np.inf
    chosen = np.take_along_axis(distance, found[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(chosen, distance.min(1), atol=1e-6)
    assert not inside[found >= 7].any()
    assert inside.any() == (fill != UNFILLED)


def test_of_nothing() -> None:
    places, segments = np.zeros((2, 2), np.float32), np.zeros((0, 2, 2), np.float32)
    found, inside = nearest_segments(places, segments, np.zeros(0, np.bool_), np.array([0]), np.zeros(0, np.int64))
    assert found.tolist() == [-1, -1] and not inside.any()
