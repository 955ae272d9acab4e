"""Layouts: mistakes, each refused in one line that names the key."""

from typing import Any

import pytest

from vectorae import Layout, UserError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ["circel"]}, r"^kinds\.0 must be point, .* or compound, got 'circel' \(did you mean circle\?\)$"),
        ({"kinds": []}, r"^kinds: name one or more of point, "),
        ({"kinds": ["circle", "line", "circle"]}, r"^kinds: circle, line, circle names a kind twice$"),
        ({"count": 0}, r"^count must be an integer ≥ 1 or null, got 0$"),
        ({"count": -3}, r"^count must be .*, got -3$"),
        ({"count": 2.5}, r"^count must be .*, got 2\.5$"),
        ({"count": True}, r"^count must be .*, got True$"),
        ({"count": None, "rows": 0, "columns": 4}, r"^rows must be an integer ≥ 1 or null, got 0$"),
        ({"count": None, "rows": 4, "columns": 0}, r"^columns must be .*, got 0$"),
        ({"count": None, "rows": 4}, r"^primitives: give either rows and columns \(a grid\) or count"),
        ({"count": None}, r"^primitives: give either rows and columns"),
        ({"rows": 2, "columns": 2}, r"^primitives: give either rows and columns"),
        ({"rows": 2}, r"^primitives: give either rows and columns"),
        ({"channels": 2}, r"^channels must be 1 or 3, got 2$"),
        ({"aspect": 0}, r"^aspect must be a number > 0, got 0$"),
        ({"aspect": float("nan")}, r"^aspect must be .*, got nan$"),
        ({"start": "circle"}, r"^start must be grid, random, ring or spiral or a list, got 'circle'"),
        ({"start": [[0.5, 0.5]]}, r"^start: list one \[x, y\] for each of the 3 shapes"),
        ({"start": [[0.5, 0.5, 0.5]] * 3}, r"^start: list one \[x, y\]"),
        ({"start": [[0.5, 0.5], [0.5], [0.5, 0.5]]}, r"^start: "),
        ({"start": [0.5, 0.5, 0.5]}, r"^start"),
        ({"start": [["a", "b"]] * 3}, r"^start\.0\.0 must be a number, got 'a'$"),
        ({"fields": {"opactiy": 1.0}}, r"^fields\.opactiy: no such field; .*\(did you mean opacity\?\)$"),
        ({"fields": {"opacity": 1.5}}, r"^fields\.opacity must be a number in \[0, 1\], got 1\.5$"),
        ({"fields": {"radius": -0.1}}, r"^fields\.radius must be a number in \[0, 0\.75\], got -0\.1$"),
        ({"fields": {"softness": 0.0}}, r"^fields\.softness must be a number in \[0\.25, 4\], got 0\.0$"),
        ({"fields": {"center": 0.5}}, r"^fields\.center: a point is always learned$"),
        (
            {"fields": {"opacity": "leraned"}},
            r"^fields\.opacity must be learned or a number or a list, got 'leraned' \(did you mean learned\?\)$",
        ),
        ({"fields": {"color": [0.5, 0.5]}}, r"^fields\.color: \[0\.5, 0\.5\] is not one number or 3$"),
        ({"fields": {"opacity": [0.5]}}, r"^fields\.opacity: \[0\.5\] is not one number$"),
        ({"options": {"corners": 5}}, r"^options\.corners: .* without options; write primitives\.options=null$"),
        ({"kinds": ["polygon"], "options": {"corner": 5}}, r"^options\.corner: no such option; .*corners"),
        ({"kinds": ["polygon"], "options": {5: 5}}, r"^options\.5: no such option"),
        (
            {"kinds": ["blob", "cubic"], "options": {"segments": 1}},
            r"^options\.segments must be an integer in \[2, 256\], got 1$",
        ),
        ({"counts": [3, 0]}, r"^counts\.1 must be an integer ≥ 1, got 0$"),
        ({"counts": [3]}, r"^counts: give one number for each of circle, square, not \[3\]$"),
        ({"counts": [2, 2]}, r"^counts: 4 shapes altogether, but the layout has 3$"),
        ({"start": [[0.5, float("nan")]] * 3}, r"^start\.0\.1 must be a number, got nan$"),
        ({"start": [[0.5, 5.0]] * 3}, r"^start: a place is not on the canvas, which is 1 wide and 1 high$"),
        ({"aspect": float("inf")}, r"^aspect must be .*, got inf$"),
        (
            {"paint": "filled"},
            r"^paint must be fill, stroke, both or both_stroke_below or .*, got 'filled' \(did you mean fill\?\)$",
        ),
        ({"paint": {"line": "stroke"}}, r"^paint\.line: line is not among the kinds \(circle, square\)$"),
        ({"kinds": ["line"], "paint": {"line": "fill"}}, r"^paint\.line: a line has no inside to fill; it is stroked$"),
        ({"ordering": "dept"}, r"^ordering must be slot or depth, got 'dept' \(did you mean depth\?\)$"),
        ({"fields": {"depth": 0.5}}, r"^fields\.depth: "),
        ({"fields": {"opacity": True}}, r"^fields\.opacity must be learned or a number or a list, got True$"),
        ({"fields": {"angle": float("inf")}}, r"^fields\.angle must be .*, got inf$"),
        ({"background": 1.5}, r"^background must be learned or none or a number in \[0, 1\] or a list, got 1\.5$"),
        ({"background": -0.1}, r"^background must be .*, got -0\.1$"),
        ({"background": [0.5, 0.5]}, r"^background: \[0\.5, 0\.5\] is neither 'learned', 'none' nor one number or 3$"),
        ({"background": "blue"}, r"^background must be .*, got 'blue'$"),
        ({"background": float("nan")}, r"^background must be .*, got nan$"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_mistakes_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Layout(**{"kinds": ["circle", "square"], "count": 3, **options})
