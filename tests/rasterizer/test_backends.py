"""Every fused backend draws what the reference draws, in value and in gradient, and survives inputs of every kind.

The GPU's kernels run on a GPU if there is one, otherwise in Triton's interpreter, which is slow, on small scenes.
"""

from collections.abc import Collection
from dataclasses import replace
from importlib.util import find_spec
from itertools import product
from typing import Any

import pytest
import torch
from helpers.agreement import assert_agreement, drawn, flat
from helpers.scenes import CLOSED_KINDS, leaves_of

from vectorae import Group, Layout, RoundedBox, Scene, rasterize
from vectorae.primitives import KINDS
from vectorae.rasterizer import COMPOSITINGS, PROFILES
from vectorae.scene import SPREADS, Gradient, LinearGradient, RadialGradient

HAS_GPU = torch.cuda.is_available()

NEEDS_TRITON = pytest.mark.skipif(find_spec("triton") is None, reason="there is no Triton for this system")

GPU = pytest.param("gpu", marks=NEEDS_TRITON)

BACKENDS = pytest.mark.parametrize("backend", ["cpu", GPU])

FAST_BACKENDS = pytest.mark.parametrize("backend", ["cpu", GPU] if HAS_GPU else ["cpu"])


def is_slow(backend: str) -> bool:
    """Whether the backend runs in Triton's interpreter."""
    return backend == "gpu" and not HAS_GPU


def random_scene(backend: str, kinds: list[str], *, batch: int = 1, seed: int = 2, **layout: Any) -> Scene:
    """A scene of random shapes, float64, on the backend's device."""
    made = Layout(kinds, **{"count": len(kinds), "fields": {"softness": "learned"}, **layout})
    scene = made(made.random_raw(batch, seed).double()).detach()
    return scene.to(torch.device("cuda")) if backend == "gpu" and HAS_GPU else scene


def in_turn(**choices: Collection[str]) -> pytest.MarkDecorator:
    """Every backend with all choices of three settings; in the interpreter with half of them, where any two meet."""
    numbered = product(*(enumerate(those) for those in choices.values()))
    cases = {tuple(value for _, value in case): sum(number for number, _ in case) for case in numbered}
    every = [("cpu", *case) for case in cases]
    every_other = [("gpu", *case) for case, turn in cases.items() if HAS_GPU or turn % 2 == 0]
    marked = [*every, *(pytest.param(*case, marks=NEEDS_TRITON) for case in every_other)]
    return pytest.mark.parametrize(("backend", *choices), marked)


@in_turn(paint=("fill", "stroke"), coverage=PROFILES, compositing=COMPOSITINGS)
def test_every_kind_agrees(backend: str, paint: str, coverage: str, compositing: str) -> None:
    """All kinds in one scene; the gradient of each is compared on its own too.

    Grey or coloured in turn, and in the interpreter one half of the kinds or the other: any two settings meet.
    """
    kinds = list(KINDS) if paint == "fill" else CLOSED_KINDS
    profile, stroked = list(PROFILES).index(coverage), int(paint == "stroke")
    channels = (1, 3)[(profile + list(COMPOSITINGS).index(compositing) + stroked) % 2]
    repeated, batch, height, width, softness = 3, 2, 13, 18, 0.02
    if is_slow(backend):
        # As soft for its pixels: on pixels much wider than an edge most gradients would be too small to compare.
        repeated, batch, height, width, softness = 1, 1, 4, 6, 0.065
        # Eight cases, and a column of an orthogonal array for each of the other settings.
        kinds, channels = kinds[(profile // 2 + stroked) % 2 :: 2], (1, 3)[(profile + profile // 2 + stroked) % 2]
    layout = {"count": repeated * len(kinds), "channels": channels}
    scene = random_scene(backend, kinds, batch=batch, paint=paint, **layout)
    assert_agreement(backend, scene, height, width, coverage=coverage, compositing=compositing, softness=softness)


@in_turn(ink=("linear", "radial"), compositing=COMPOSITINGS, spread=SPREADS)
def test_gradients_agree(backend: str, ink: str, compositing: str, spread: str) -> None:
    """Filled, stroked and flat shapes, of one channel or three, of three stops or two."""
    turn = SPREADS.index(spread) + (ink == "linear")
    height, width, softness = (4, 6, 0.065) if is_slow(backend) else (13, 18, 0.02)
    paint = {"fill": ink, "stops": 2 + turn % 2, "square": "stroke"}
    scene = random_scene(backend, ["circle", "blob", "square"], count=4, paint=paint, channels=(1, 3)[turn % 2])
    coverage = list(PROFILES)[(turn + list(COMPOSITINGS).index(compositing)) % len(PROFILES)]
    groups = [
        group if group.gradient is None else replace(group, gradient=replace(group.gradient, spread=spread))
        for group in scene.groups
    ]
    scene = replace(scene, groups=tuple(groups))
    assert_agreement(backend, scene, height, width, coverage=coverage, compositing=compositing, softness=softness)


@pytest.mark.parametrize(
    ("channels", "coverage", "compositing"),
    [(2, "sigmoid", "over"), (4, "ramp", "over"), (3, "gaussian", "soft_or"), (4, "hard", "soft_or")],
)
@BACKENDS
def test_gradients_of_any_stops_agree(backend: str, channels: int, coverage: str, compositing: str) -> None:
    """Two stops, four and one in one scene, anywhere; gradients around a focus; opacity as a channel more."""
    height, width, softness = (4, 6, 0.065) if is_slow(backend) else (13, 18, 0.02)
    scene = in_gradients(random_scene(backend, ["circle", "polygon", "line", "square"], batch=2), channels)
    assert_agreement(backend, scene, height, width, coverage=coverage, compositing=compositing, softness=softness)


def in_gradients(scene: Scene, channels: int) -> Scene:
    """A scene of four groups, of which three are in gradients, in so many channels."""
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.rand(scene.batch, *shape, generator=generator, dtype=torch.float64).to(scene.color)

    def gradient(count: int, stops: int, spread: str) -> Gradient:
        shared: dict[str, Any] = {
            "colors": random(count, stops, channels),
            "opacities": 0.2 + 0.8 * random(count, stops),
            "offsets": random(count, stops).sort(-1).values,
            "spread": spread,
        }
        if spread != "reflect":
            return LinearGradient(start=0.4 * random(count, 2), end=0.5 + 0.5 * random(count, 2), **shared)
        axes = 0.3 * torch.eye(2).to(scene.color) + 0.2 * random(count, 2, 2)
        return RadialGradient(center=random(count, 2), axes=axes, focus=random(count, 2) - 0.5, **shared)

    kinds = [(2, "repeat"), (4, "reflect"), (1, "pad")]
    groups = [
        replace(group, gradient=gradient(len(group.slots), *kind))
        for group, kind in zip(scene.groups, kinds, strict=False)
    ]
    flat, ground = random(scene.count, channels), random(channels)
    return replace(scene, groups=(*groups, scene.groups[3]), color=flat, background=ground)


@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize(("height", "width"), [(40, 23), (9, 50)])
@BACKENDS
def test_tiles_agree(backend: str, height: int, width: int, coverage: str) -> None:
    """Shapes that cross the borders of tiles, and tiles that the image fills in part."""
    batch = 2
    if is_slow(backend):
        batch, height, width = 1, height // 2, width // 2
    scene = random_scene(backend, ["circle", "triangle", "line", "cubic"], batch=batch, aspect=width / height)
    assert_agreement(backend, scene, height, width, coverage=coverage, softness=0.02)


@pytest.mark.parametrize(
    ("count", "height", "width"), [(0, 28, 28), (1, 28, 28), (1000, 28, 28), (5, 64, 64), (60, 200, 266)]
)
@FAST_BACKENDS
def test_sizes_agree(backend: str, count: int, height: int, width: int) -> None:
    """In double precision: on large canvases the reference's own rounding exceeds the tolerance."""
    kinds = ["ellipse", "rounded_rectangle", "line", "cubic", "polygon"]
    scene = random_scene(backend, kinds, batch=2, count=max(5, count), seed=1, aspect=width / height, fields={})
    assert_agreement(backend, scene.select(0, count), height, width, softness=0.5 / min(height, width))


@pytest.mark.parametrize("compositing", COMPOSITINGS)
@BACKENDS
def test_more_shapes_than_the_gpu_tests_at_once_agree(backend: str, compositing: str) -> None:
    scene = random_scene(backend, ["square", "line"], count=35)
    assert_agreement(backend, scene, 8, 8, compositing=compositing, softness=0.03)


@pytest.mark.parametrize(("count", "height", "width"), [(1, 64, 64), (40, 64, 64), (12, 100, 133), (1000, 28, 28)])
@pytest.mark.parametrize("paint", ["fill", "stroke"])
@FAST_BACKENDS
def test_sizes_agree_in_single_precision(backend: str, paint: str, count: int, height: int, width: int) -> None:
    scene = random_scene(backend, list(KINDS), count=count, seed=4, paint=paint, aspect=width / height, fields={})
    assert_agreement(backend, scene.to(torch.float32), height, width, softness=0.5 / min(height, width))


@BACKENDS
def test_single_precision_agrees(backend: str) -> None:
    kinds, count, height, width = list(KINDS), 20, 12, 18
    if is_slow(backend):
        kinds, count, height, width = kinds[::3], len(kinds[::3]), 3, 18
    scene = random_scene(backend, kinds, count=count).to(torch.float32)
    assert_agreement(backend, scene, height, width, softness=0.03)


@pytest.mark.parametrize("coverage", ["ramp", "hard"])
@BACKENDS
def test_agreement_is_close_where_nothing_is_culled(backend: str, coverage: str) -> None:
    kinds, count, batch, size = list(KINDS), 16, 2, 28
    if is_slow(backend):
        kinds, count, batch, size = ["circle", "polygon", "quadratic"], 4, 1, 8
    scene = random_scene(backend, kinds, batch=batch, count=count, seed=4).to(torch.float32)
    assert_agreement(backend, scene, size, size, coverage=coverage, value=1e-5, gradient=1e-4)


@pytest.mark.parametrize("coverage", ["sigmoid", "gaussian", "ramp"])
@pytest.mark.parametrize("temperature", [0.0, 1e-4, 0.1])
@BACKENDS
def test_shapes_by_depth_agree(backend: str, temperature: float, coverage: str) -> None:
    count, batch, height, width = (4, 2, 7, 9) if is_slow(backend) else (9, 3, 14, 19)
    kinds = ["circle", "polygon", "line" if is_slow(backend) else "cubic"]
    scene = random_scene(backend, kinds, batch=batch, count=count, ordering="depth")
    assert_agreement(backend, scene, height, width, coverage=coverage, temperature=temperature, softness=0.01)


@BACKENDS
def test_opaque_shapes_have_the_exact_gradient(backend: str) -> None:
    """Shapes that hide all behind them: where 1 − α is 0, a division would fail."""
    scene = random_scene(backend, ["square", "circle"], count=4, fields={"opacity": 1.0})
    scene = replace(scene, groups=tuple(larger(group) for group in scene.groups))
    assert_agreement(backend, scene, 8, 8, coverage="ramp")
    layout = Layout(["square", "circle"], rows=2, columns=2, fields={"opacity": 1.0})
    start = layout(torch.zeros(1, layout.raw_size)).to(scene.color.device)
    start = replace(start, groups=tuple(larger(group) for group in start.groups))
    size = 8 if is_slow(backend) else 16
    assert_agreement(backend, start, size, size, coverage="ramp")


def larger(group: Group) -> Group:
    """Boxes of four times the size."""
    assert isinstance(group.outline, RoundedBox)
    return replace(group, outline=replace(group.outline, half_extents=group.outline.half_extents * 4))


@BACKENDS
def test_one_row_and_one_column(backend: str) -> None:
    length = 19 if is_slow(backend) else 40
    for height, width in ((1, 1), (1, length), (length, 1)):
        scene = random_scene(backend, ["circle", "line", "triangle"], count=4, aspect=width / height)
        assert_agreement(backend, scene, height, width, softness=0.2)


@BACKENDS
def test_images_do_not_depend_on_their_batch(backend: str) -> None:
    batch = 2 if is_slow(backend) else 9
    scene = random_scene(backend, ["circle", "line"], count=5, batch=batch)
    together = rasterize(scene, 20, 20, backend=backend)
    alone = torch.cat([rasterize(scene[index], 20, 20, backend=backend) for index in range(batch)])
    assert torch.equal(together, alone)


@BACKENDS
def test_gradients_are_the_same_every_time(backend: str) -> None:
    scene = random_scene(backend, ["ellipse", "line"], count=4, paint={"fill": "linear", "line": "stroke"})
    size = 20 if is_slow(backend) else 33
    images, gradients = zip(*(drawn(backend, scene, size, size) for _ in range(3)), strict=True)
    assert all(torch.equal(images[0], other) for other in images[1:])
    assert all(torch.equal(flat(gradients[0]), flat(other)) for other in gradients[1:])


@BACKENDS
def test_inputs_and_gradients_may_be_views(backend: str) -> None:
    count, height, width = (3, 6, 7) if is_slow(backend) else (6, 16, 19)
    scene = random_scene(backend, ["circle", "polyline", "triangle"], batch=2, count=count)
    image, gradients = drawn(backend, scene, height, width)
    spread = scene.map(lambda tensor: torch.stack([tensor, -tensor], dim=-1)[..., 0])
    seen, found = drawn(backend, spread, height, width)
    assert torch.equal(image, seen) and torch.equal(flat(gradients), flat(found))
    given, leaves = leaves_of(scene[:1])
    wide = rasterize(given, height, width, backend=backend).expand(5, -1, -1, -1).transpose(2, 3)
    by_expanded = torch.autograd.grad(wide.sum(), leaves, allow_unused=True, materialize_grads=True)
    plain = 5 * rasterize(given, height, width, backend=backend).sum()
    by_plain = torch.autograd.grad(plain, leaves, allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(flat(list(by_expanded)), flat(list(by_plain)))


@BACKENDS
def test_scenes_without_shapes_or_images(backend: str) -> None:
    scene = random_scene(backend, ["circle", "line", "triangle"])
    background = scene.ground[:, :, None, None].expand(1, 3, 4, 5)
    assert torch.equal(rasterize(scene.select(0, 0), 4, 5, backend=backend), background)
    assert rasterize(scene[:0], 4, 5, backend=backend).shape == (0, 3, 4, 5)


@pytest.mark.parametrize("position", [0.0, 0.5, 40.0, 1e30])
@BACKENDS
def test_shapes_of_no_size_and_far_away(backend: str, position: float) -> None:
    scene = random_scene(backend, ["circle", "line", "triangle"], count=6).to(torch.float32)
    for group in scene.groups:
        (group.outline.center if isinstance(group.outline, RoundedBox) else group.outline.points).fill_(position)
    image, gradients = drawn(backend, scene, 6, 5) if is_slow(backend) else drawn(backend, scene, 16, 15)
    assert image.isfinite().all() and flat(gradients).isfinite().all()
    if position > 1:
        assert torch.allclose(image, scene.ground[:, :, None, None].expand_as(image))


@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])
@BACKENDS
def test_nan_and_inf_do_no_harm(backend: str, number: float) -> None:
    """Drawing ends, writes to no memory but its own, and leaves other images as they are."""
    size = (6, 5) if is_slow(backend) else (16, 15)
    scene = random_scene(backend, ["circle", "line", "triangle", "cubic"], batch=2).to(torch.float32)
    expected, _ = drawn(backend, scene, *size)
    broken = scene.map(lambda tensor: torch.cat([tensor[:1], torch.full_like(tensor[1:], number)]))
    image, _ = drawn(backend, broken, *size)
    assert torch.equal(image[0], expected[0])


@BACKENDS
def test_autocast_keeps_the_digits(backend: str) -> None:
    scene = random_scene(backend, ["circle", "line"], count=4).to(torch.float32)
    expected = rasterize(scene, 8, 8, backend=backend)
    with torch.autocast(scene.color.device.type, dtype=torch.bfloat16):
        found = rasterize(scene, 8, 8, backend=backend)
    assert found.dtype == torch.float32 and torch.equal(expected, found)
