"""The plot of a sweep."""

import re
from xml.etree import ElementTree

import pytest
from helpers.renderer import rendered
from hypothesis import example, given
from hypothesis import strategies as st

from vectorae.commands.sweep_plot import COLOURS, Point, plot


def dots(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)]


def labels(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def swept(key: str, *values: str) -> list[Point]:
    """Points on a line: the first reached 1, the second 2."""
    return [Point({key: value}, number + 1.0) for number, value in enumerate(values)]


def test_dots_stand_where_the_axes_say() -> None:
    svg = plot(swept("primitives.rows", "2", "4", "6"), "crisp PSNR, dB") or ""
    assert svg.count("<polyline") == 1
    first, second, third = dots(svg)
    assert second[0] == pytest.approx((first[0] + third[0]) / 2, abs=0.1)
    assert second[1] == pytest.approx((first[1] + third[1]) / 2, abs=0.1)
    assert first[0] < third[0] and first[1] > third[1]
    assert {"2", "4", "6", "1", "3", "primitives.rows", "crisp PSNR, dB"} <= set(labels(svg))
    for value, (x, _) in zip(("2", "4", "6"), dots(svg), strict=True):
        assert re.search(rf'<text x="{x:.1f}" y="[\d.]+" text-anchor="middle">{value}</text>', svg)
    assert float(rendered(svg, zoom=1).std()) > 0.05


def test_powers_are_as_far_apart_as_each_other() -> None:
    places = [x for x, _ in dots(plot(swept("optimizer.lr", "1e-4", "1e-3", "1e-2"), "dB") or "")]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)


def test_other_keys_are_lines_as_long_as_they_are_few() -> None:
    both = [Point({"rows": row, "encoder": name}, 1.0) for row in ("2", "4") for name in ("cnn", "resnet18")]
    svg = plot(both, "dB") or ""
    assert svg.count("<polyline") == 2
    assert {"encoder=cnn", "encoder=resnet18"} <= set(labels(svg))
    many = [Point({"rows": f"{row}", "name": f"n{row}"}, row) for row in range(len(COLOURS) + 1)]
    svg = plot(many, "dB") or ""
    assert "<polyline" not in svg and len(dots(svg)) == len(many)


def test_each_number_has_a_panel() -> None:
    points = [Point({"a": a, "b": b}, float(a) + float(b)) for a in ("1", "2") for b in ("3", "4")]
    svg = plot(points, "dB") or ""
    assert svg.count("<g transform") == 2
    assert len(dots(svg)) == 8


@pytest.mark.parametrize(
    "points",
    [
        [],
        swept("encoder", "cnn", "resnet18"),
        swept("seed", "0", "1"),
        swept("rows", "2", "2"),
        swept("lr", "1", "inf"),
    ],
)
def test_there_is_no_plot_without_numbers(points: list[Point]) -> None:
    assert plot(points, "dB") is None


NUMBERS = st.floats(-1e9, 1e9).map(repr)


@given(st.lists(st.tuples(NUMBERS, st.floats(-100, 100)), max_size=30))
@example([("1.0", 0.0), ("4.0", 0.0), ("2.2250738585072014e-308", 0.0)])
def test_any_numbers_can_be_drawn(pairs: list[tuple[str, float]]) -> None:
    svg = plot([Point({"key": value}, reached) for value, reached in pairs], "dB")
    if svg is not None:
        ElementTree.fromstring(svg)
        assert all(0 <= x <= 680 and 0 <= y <= 420 for x, y in dots(svg))
