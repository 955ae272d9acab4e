"""Layouts: mistakes, each refused in one line that names the key."""

from typing import Any

import pytest

from vectorae import Layout, UserError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ["circel"]}, r"^kinds: no 'circel'; choose from blob, .*\(did you mean circle\?\)$"),
        ({"kinds": []}, r"^kinds: name one or more of point, "),
        ({"kinds": ["circle", "line", "circle"]}, r"^kinds: circle, line, circle names a kind twice$"),
        ({"count": 0}, r"^count: 0 is not a whole number of 1 or more$"),
        ({"count": -3}, r"^count: -3 "),
        ({"count": 2.5}, r"^count: 2\.5 "),
        ({"count": True}, r"^count: True "),
        ({"count": None, "rows": 0, "columns": 4}, r"^rows: 0 is not a whole number"),
        ({"count": None, "rows": 4, "columns": 0}, r"^columns: 0 "),
        ({"count": None, "rows": 4}, r"^primitives: give either rows and columns \(a grid\) or count"),
        ({"count": None}, r"^primitives: give either rows and columns"),
        ({"rows": 2, "columns": 2}, r"^primitives: give either rows and columns"),
        ({"rows": 2}, r"^primitives: give either rows and columns"),
        ({"channels": 2}, r"^channels: 2 is neither 1 \(grey\) nor 3 \(RGB\)$"),
        ({"aspect": 0}, r"^aspect: 0 is not a ratio above 0$"),
        ({"aspect": float("nan")}, r"^aspect: nan "),
        ({"start": "circle"}, r"^start: no 'circle'; choose from grid, random, ring, spiral"),
        ({"start": [[0.5, 0.5]]}, r"^start: list one \[x, y\] for each of the 3 shapes"),
        ({"start": [[0.5, 0.5, 0.5]] * 3}, r"^start: list one \[x, y\]"),
        ({"start": [[0.5, 0.5], [0.5], [0.5, 0.5]]}, r"^start: "),
        ({"start": [0.5, 0.5, 0.5]}, r"^start: "),
        ({"start": [["a", "b"]] * 3}, r"^start: "),
        ({"fields": {"opactiy": 1.0}}, r"^fields\.opactiy: no such field; .*\(did you mean opacity\?\)$"),
        ({"fields": {"opacity": 1.5}}, r"^fields\.opacity: 1\.5 is not between 0\.0 and 1\.0$"),
        ({"fields": {"radius": -0.1}}, r"^fields\.radius: -0\.1 is not between"),
        ({"fields": {"softness": 0.0}}, r"^fields\.softness: 0\.0 is not between 0\.25 and 4\.0$"),
        ({"fields": {"center": 0.5}}, r"^fields\.center: a point is always learned$"),
        ({"fields": {"opacity": "leraned"}}, r"^fields\.opacity: 'leraned' is neither 'learned' nor a number$"),
        ({"fields": {"color": [0.5, 0.5]}}, r"^fields\.color: \[0\.5, 0\.5\] is not one number or 3$"),
        ({"fields": {"opacity": [0.5]}}, r"^fields\.opacity: \[0\.5\] is not one number$"),
        ({"options": {"corners": 5}}, r"^options\.corners: .* without options; write primitives\.options=null$"),
        ({"kinds": ["polygon"], "options": {"corner": 5}}, r"^options\.corner: no such option; .*corners"),
        ({"kinds": ["polygon"], "options": {5: 5}}, r"^options\.5: no such option"),
        ({"kinds": ["blob", "cubic"], "options": {"segments": 1}}, r"^options\.segments: 1 is not .* 2 or more$"),
        ({"counts": [3, 0]}, r"^counts: \[3, 0\] is not a whole number of 1 or more for each of circle, square$"),
        ({"counts": [3]}, r"^counts: \[3\] is not a whole number of 1 or more for each of circle, square$"),
        ({"counts": [2, 2]}, r"^counts: 4 shapes altogether, but the layout has 3$"),
        ({"start": [[0.5, float("nan")]] * 3}, r"^start: a place is not on the canvas, which is 1 wide and 1 high$"),
        ({"start": [[0.5, 5.0]] * 3}, r"^start: a place is not on the canvas"),
        ({"aspect": float("inf")}, r"^aspect: inf "),
        ({"paint": "filled"}, r"^paint: no 'filled'; choose from fill, stroke \(did you mean fill\?\)$"),
        ({"paint": {"line": "stroke"}}, r"^paint\.line: line is not among the kinds \(circle, square\)$"),
        ({"kinds": ["line"], "paint": {"line": "fill"}}, r"^paint\.line: a line has no inside to fill; it is stroked$"),
        ({"ordering": "dept"}, r"^ordering: no 'dept'; choose from depth, slot \(did you mean depth\?\)$"),
        ({"fields": {"depth": 0.5}}, r"^fields\.depth: "),
        ({"fields": {"opacity": True}}, r"^fields\.opacity: True "),
        ({"fields": {"angle": float("inf")}}, r"^fields\.angle: inf "),
        ({"background": 1.5}, r"^background: 1\.5 is neither 'learned' nor a number or 3 numbers in \[0, 1\]$"),
        ({"background": -0.1}, r"^background: -0\.1 "),
        ({"background": [0.5, 0.5]}, r"^background: \[0\.5, 0\.5\] "),
        ({"background": "blue"}, r"^background: 'blue' "),
        ({"background": float("nan")}, r"^background: nan "),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_mistakes_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Layout(**{"kinds": ["circle", "square"], "count": 3, **options})
