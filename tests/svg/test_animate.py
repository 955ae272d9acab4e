"""Animated SVG, as a real browser shows it."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from helpers.scenes import CLOSED_KINDS
from PIL import Image
from torch import Tensor

from vectorae import Layout, RoundedBox, Scene, UserError, rasterize
from vectorae.primitives import KINDS
from vectorae.scene import Composite
from vectorae.svg import animate, to_animated_svg

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium, as Debian's package chromium")

SIDE = 64


def course(kinds: list[str], *, steps: int = 3, batch: int = 2, **layout: object) -> list[Scene]:
    """Crisp scenes from the starting arrangement to a random one."""
    made = Layout(kinds, count=len(kinds), **layout)  # type: ignore[arg-type]
    raw = made.random_raw(batch, seed=5, spread=0.8)
    return [made(raw * step / (steps - 1), crisp=True).detach() for step in range(steps)]


def seen_at(text: str, times: list[float], folder: Path, zoom: int = 2) -> list[Tensor]:
    """What Chromium shows so many seconds after the beginning, each ``[3, H, W]`` in [0, 1]: on one page."""
    root = ElementTree.fromstring(text)
    width, height = (int(root.attrib[name]) for name in ("width", "height"))
    page, picture = folder / "page.html", folder / "picture.png"
    script = (
        f"const times = {times}; addEventListener('load', () => document.querySelectorAll('svg').forEach("
        "(svg, number) => { svg.pauseAnimations(); svg.setCurrentTime(times[number]); }));"
    )
    style = "<style>body { margin: 0 } svg { display: block }</style>"
    # Each has a clock of its own, and so has to have gradients of its own.
    texts = "".join(text.replace("gradient-", f"gradient-{number}-") for number in range(len(times)))
    page.write_text(f"<!doctype html>{style}<body>{texts}<script>{script}</script></body>", "utf-8")
    command = [
        str(BROWSER),
        *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=500"),
        f"--user-data-dir={folder / 'profile'}",
        f"--force-device-scale-factor={zoom}",
        f"--window-size={width},{height * len(times) + 100}",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    with Image.open(picture) as image:
        pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 255
    return list(pixels[:, : height * zoom * len(times), : width * zoom].split(height * zoom, dim=1))


def drawings(picture: Tensor, count: int) -> list[Tensor]:
    """Those that stand side by side, each ``[3, SIDE, SIDE]``."""
    places = [animate.GAP + (SIDE + animate.GAP) * index for index in range(count)]
    zoom = picture.shape[-1] // (places[-1] + SIDE + animate.GAP)
    top = animate.GAP * zoom
    parts = [picture[:, top : top + SIDE * zoom, x * zoom : (x + SIDE) * zoom] for x in places]
    return [torch.nn.functional.avg_pool2d(part, zoom) for part in parts]


@needs_browser
@pytest.mark.parametrize(
    ("kinds", "paint", "compositing", "ordering"),
    [
        (list(KINDS), "fill", "over", "slot"),
        (CLOSED_KINDS, "stroke", "over", "slot"),
        (["circle", "cubic", "triangle"], "fill", "soft_or", "slot"),
        (["square", "blob", "line"], "fill", "over", "depth"),
        (["circle", "rectangle", "blob", "line"], {"fill": "linear", "stroke": "radial", "stops": 3}, "over", "slot"),
        (["ellipse", "triangle"], {"fill": "radial"}, "over", "slot"),
    ],
)
def test_a_browser_shows_every_scene_at_its_time(
    kinds: list[str], paint: Any, compositing: str, ordering: str, tmp_path: Path
) -> None:
    scenes = course(kinds, paint=paint, ordering=ordering, background=0.2)
    text = to_animated_svg(scenes, SIDE, SIDE, compositing=compositing, seconds=8, rest=2)
    times = {0.0: scenes[0], 4.0: scenes[1], 8.0: scenes[2], 9.9: scenes[2], 14.0: scenes[1]}  # the last: once more
    if ordering == "depth":  # painted in the last scene's order
        times = {time: scene for time, scene in times.items() if scene is scenes[2]}
    for (time, scene), picture in zip(times.items(), seen_at(text, list(times), tmp_path), strict=True):
        expected = rasterize(scene, SIDE, SIDE, coverage="ramp", compositing=compositing)
        for found, drawing in zip(drawings(picture, 2), expected, strict=True):
            assert (found - drawing).abs().mean() < 0.01, time


def tensors_of(scene: Scene) -> list[Tensor]:
    """In the order of ``Scene.map``."""
    found: list[Tensor] = []
    scene.map(lambda tensor: found.append(tensor) or tensor)  # type: ignore[func-returns-value]
    return found


@needs_browser
def test_what_is_painted_as_one_moves_within_it(tmp_path: Path) -> None:
    scenes = course(["circle", "square"], batch=1, background=0.2)
    clip = RoundedBox(torch.full((1, 1, 2), 0.5), torch.full((1, 1, 2), 0.3), torch.zeros(1, 1), torch.zeros(1, 1))
    one = Composite(1, scenes[0].count, torch.tensor([0.6]), (clip,))
    scenes = [replace(scene, composites=(one,)) for scene in scenes]
    text = to_animated_svg(scenes, SIDE, SIDE, seconds=8, rest=2)
    for scene, picture in zip(scenes, seen_at(text, [0.0, 4.0, 8.0], tmp_path), strict=True):
        (found,) = drawings(picture, 1)
        assert (found - rasterize(scene, SIDE, SIDE, coverage="ramp")[0]).abs().mean() < 0.01


@needs_browser
def test_between_two_scenes_shapes_are_on_their_way(tmp_path: Path) -> None:
    first, _, last = course(["circle"], batch=1, background=0.0)
    text = to_animated_svg([first, last], SIDE, SIDE, seconds=8, rest=2)
    (picture,) = seen_at(text, [4.0], tmp_path)
    (found,) = drawings(picture, 1)
    there = iter(tensors_of(last))
    middle = first.map(lambda tensor: (tensor + next(there)) / 2)
    assert (found - rasterize(middle, SIDE, SIDE, coverage="ramp")[0]).abs().mean() < 0.01


def test_it_is_one_clock_that_never_stops() -> None:
    text = to_animated_svg(course(["circle", "square", "cubic"]), 20, 30)
    root = ElementTree.fromstring(text)
    moves = [one for one in root.iter() if one.tag.rpartition("}")[2] in ("animate", "animateTransform")]
    assert {(one.attrib["dur"], one.attrib["repeatCount"]) for one in moves} == {("10s", "indefinite")}
    assert all(one.attrib["values"].count(";") == one.attrib["keyTimes"].count(";") == 3 for one in moves)
    assert sum(one.tag.endswith("}svg") for one in root.iter()) == 1  # nested ones have clocks of their own


def test_it_can_be_seen_without_a_lens() -> None:
    for side, shown in ((20, ("520", "280")), (600, ("2424", "1216"))):
        root = ElementTree.fromstring(to_animated_svg(course(["circle"]), side, side))
        assert root.attrib["viewBox"] == f"0 0 {2 * side + 12} {side + 8}"
        assert (root.attrib["width"], root.attrib["height"]) == shown


def test_scenes_are_blended_by_their_own_compositing() -> None:
    scenes = [replace(scene, compositing="soft_or") for scene in course(["circle"])]
    text = to_animated_svg(scenes, 20, 20)
    assert "mix-blend-mode:screen" in text
    assert text == to_animated_svg(course(["circle"]), 20, 20, compositing="soft_or")
    assert "mix-blend-mode" not in to_animated_svg(scenes, 20, 20, compositing="over")


def test_what_stays_as_it_is_does_not_move() -> None:
    scene = course(["circle", "line"])[1]
    assert "<animate" not in to_animated_svg([scene, scene], 20, 20)
    assert "<animate" not in to_animated_svg([scene], 20, 20)


def test_long_runs_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = course(["circle", "cubic"], steps=50)
    assert animate.thinned(scenes) is scenes
    monkeypatch.setattr(animate, "MOST_VALUES", 500)
    few = animate.thinned(scenes)
    assert 2 < len(few) < 50
    assert few[0] is scenes[0] and few[-1] is scenes[-1]


def test_scenes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UserError, match="no scenes"):
        to_animated_svg([], 4, 4)
    scenes = course(["circle"])
    with pytest.raises(UserError, match="or in compositing"):
        to_animated_svg([*scenes, replace(scenes[0], compositing="soft_or")], 4, 4)
    with pytest.raises(UserError, match="differ"):
        to_animated_svg([*course(["circle"]), *course(["circle", "line"])], 4, 4)
