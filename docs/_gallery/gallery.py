"""`python scripts/gallery.py`: every kind, layout and profile drawn, and a page that shows them.

Everything follows from the registry, the configs and the profiles: a new kind, file in `conf/primitives/` or profile is
in the gallery when the command has run again.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Ge, Le
from PIL import Image, ImageColor, ImageDraw, ImageFont
from torch import Tensor

from docs._gallery.paints import PALETTE, PAPER, paints
from docs._gallery.recipes import draw_recipes
from docs._gallery.sheets import drawing_sheet, font_size, png_bytes, rounded_drawing, side_by_side
from vectorae.commands import shell
from vectorae.commands.command_line import conf_folder
from vectorae.config.arguments import PositiveInt, describe
from vectorae.config.components import instantiate
from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic
from vectorae.io.pixels import to_picture
from vectorae.io.progress import counting
from vectorae.io.sheets import INK
from vectorae.layout import MARGIN, Layout
from vectorae.primitives import (
    DEPTH,
    KINDS,
    PAINT,
    POINTS,
    STROKE,
    STROKE_COLOR,
    Field,
    Option,
    Primitive,
    gradient_fields,
)
from vectorae.rasterizer import PROFILES, rasterize
from vectorae.rasterizer.coverage import stroke_coverage
from vectorae.scene import Group, Scene
from vectorae.scene import Path as PathOutline
from vectorae.svg import to_svg

OUTPUT, OUTPUT_OF_IMAGES = "docs/gallery", "outputs/gallery"

FRAME = "#d8d3c7"

SPOTS = ((0.36, 0.37, 1.4, -0.3), (0.73, 0.33, 1.1, 0.5), (0.66, 0.68, 1.25, -0.6), (0.27, 0.74, 0.95, 0.3))
"""Where the shapes of a composition lie, the lowest first: x, y (canvas units), size (a factor) and angle."""

TOP = (0.49, 0.54, 1.25, 1.1)
"""The last shape's, which lies on the others: where a kind has an inside, its outline is seen."""

SEED = 8
OUTLINE_WIDTH = 0.035

SPREAD = {"point": 0.0, "points": 0.36, "length": 0.25, "angle": 0.0, "unit": 1.5}
"""How far the raw numbers of each quantity stray; places and angles are those of the spots."""

PIXELS = 21
"""Of an image in one dimension; an odd number, so that the middle one looks at the point."""

POINT_WIDTH, POINT_SOFTNESS = 0.2, 0.05


@dataclass
class GalleryConfig:
    """The keys at the root of a gallery's config."""

    output: str | None = None
    size: Annotated[int, Ge(16), Le(1024)] = 108
    image: str | None = None
    image_size: PositiveInt = 200
    steps: PositiveInt | None = None


def main() -> int:
    """Draw the gallery with the config on the command line. Returns the exit code."""
    return shell.run_command("gallery", GalleryConfig, gallery)


def gallery(config: dict[str, Any], folder: Path) -> None:
    """Draw all kinds, paints, layouts and profiles into a folder, with a page of them; or an image by every recipe.

    Args:
        config: plain resolved config with the keys of `GalleryConfig`.
        folder: of the call; the gallery has a folder of its own, `output`.

    Raises:
        UserError: a size out of range, a folder that cannot be written.
    """
    size = config["size"]
    output = Path(config["output"] or (OUTPUT if config["image"] is None else OUTPUT_OF_IMAGES))
    if config["image"] is not None:
        for sheet in draw_recipes(config["image"], config["image_size"], config["steps"], output):
            print(f"drawn: {shell.short(sheet)}")
        return
    with counting("drawing", 2 * len(KINDS) + 5) as advance:
        for name, content in files(size):
            _write(output / name, content)
            advance(1)
    print(f"{len(KINDS)} kinds drawn in {output}")


def files(size: int) -> Iterator[tuple[str, bytes]]:
    """The gallery, file by file: name and content.

    Args:
        size: pixels of a drawing.
    """
    rows = []
    for kind in KINDS:
        crisp = composition(kind, crisp=True)
        pair = [rounded_drawing(composition(kind), size, "sigmoid"), rounded_drawing(crisp, size, "ramp")]
        rows.append((kind, pair))
        yield f"{kind}.png", png_bytes(side_by_side(pair))
        yield f"{kind}.svg", to_svg(crisp, size, size)[0].encode()
    yield "kinds.png", png_bytes(drawing_sheet(rows, columns=4))
    painted = [(name, [rounded_drawing(scene, size, "ramp")]) for name, scene in paints().items()]
    yield "paints.png", png_bytes(drawing_sheet(painted, columns=7))
    starts = [(name, [rounded_drawing(start(layout), size, "ramp")]) for name, layout in layouts().items()]
    yield "layouts.png", png_bytes(drawing_sheet(starts, columns=7))
    profiles = [(profile, [_profile(profile, size)]) for profile in reversed(PROFILES)]
    yield "profiles.png", png_bytes(drawing_sheet(profiles, columns=4))
    yield "README.md", page().encode()


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomic(path, content)
    except OSError as error:
        raise UserError(f"output: {path} cannot be written: {error.strerror or error}") from error


# What is drawn


def composition(kind: str, *, crisp: bool = False) -> Scene:
    """Five shapes of a kind, the same every time; of a kind that has an inside the last is stroked."""
    spots = torch.tensor([*SPOTS, TOP])
    count = len(spots)
    fixed = {"color": 0.5, "opacity": 0.9}
    layout = Layout([kind], count=count, start=[[0.5, 0.5]] * count, background=_color(PAPER).tolist(), fields=fixed)
    fields = {name: field for name, field in KINDS[kind].fields().items() if field.learned and name not in fixed}
    points = sum(field.size or 0 for field in fields.values() if field.quantity.rate == "point") // 2
    spread, middle = [], []
    for name, field in fields.items():
        # The more points, the less each of them strays, and the finer is the pen.
        strays = SPREAD[field.quantity.name] / (math.sqrt(points) if field.quantity is POINTS else 1)
        spread += [strays] * (field.size or 1)
        middle += [1.4 - math.log2(points) if name in STROKE else 0.0] * (field.size or 1)
    raw = layout.random_raw(1, SEED, spread=1.0).view(count, -1) * torch.tensor(spread) + torch.tensor(middle)
    scene = _painted(layout(raw.reshape(1, -1), crisp=crisp))
    scene = replace(scene, groups=tuple(_placed(group, spots[list(group.slots)]) for group in scene.groups))
    return scene if KINDS[kind].paint == "stroke" else _last_stroked(scene)


def start(layout: Layout) -> Scene:
    """The starting arrangement, crisp; colours, which all start as the same grey, are exchanged for those of ours."""
    scene = _painted(layout(torch.zeros(1, layout.raw_size), crisp=True))
    return replace(scene, background=_color(PAPER).expand(1, -1))


def layouts() -> dict[str, Layout]:
    """Name → layout of every `conf/primitives/*.yaml`, in colour."""
    from omegaconf import OmegaConf

    found = {}
    for path in sorted((conf_folder() / "primitives").glob("*.yaml")):
        section = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
        assert isinstance(section, dict)
        plain = {str(key): value for key, value in section.items()}
        found[path.stem] = instantiate(plain, f"primitives/{path.name}", channels=3, aspect=1.0)
    return found


def _painted(scene: Scene) -> Scene:
    """The scene in the colours of the palette, one after the other."""
    colors = torch.stack([_color(PALETTE[slot % len(PALETTE)]) for slot in range(scene.count)])
    return replace(scene, color=colors.expand(scene.batch, -1, -1))


def _color(name: str) -> Tensor:
    """`#rrggbb` as ``[3]`` in [0, 1]."""
    return torch.tensor(ImageColor.getrgb(name)) / 255


def _placed(group: Group, spots: Tensor) -> Group:
    """The shapes moved, scaled and turned to their spots, ``[n, 4]``."""
    return group.transformed(spots[None, :, :2], spots[:, 2], spots[:, 3])


def _last_stroked(scene: Scene) -> Scene:
    """The scene with the last shape's outline instead of the shape."""
    last = scene.count - 1
    below, top = scene.select(0, last), scene.select(last, scene.count)
    width = torch.full((scene.batch, 1), OUTLINE_WIDTH)
    stroked = [replace(group, slots=(last,), stroke_width=width) for group in top.groups]
    return replace(scene, groups=(*below.groups, *stroked))


# The relaxation in one dimension


def _profile(profile: str, size: int) -> Image.Image:
    """Coverage by a point at ½, x from 0 to 1: as a curve, and as an image of one dimension."""
    block = round(1.8 * size / PIXELS)
    inner, letters = block * PIXELS, font_size(size)
    margin = (2 * size - inner) // 2
    picture = Image.new("RGB", (2 * size, 2 * size), "white")
    picture.paste(_plot(point_coverage(profile, torch.linspace(0, 1, 1001)), size, inner), (0, 0))
    pixels = 1 - point_coverage(profile, (torch.arange(PIXELS) + 0.5) / PIXELS)
    strip = to_picture(pixels[None, None, None]).resize((inner, 2 * block), Image.Resampling.BOX)
    top = size + block // 2
    picture.paste(strip, (margin, top))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((margin - 1, top - 1, margin + inner, top + 2 * block), outline=FRAME)
    for x in (0, 0.5, 1):
        draw.text((margin + x * inner, top + 2.5 * block), f"{x:g}", INK, ImageFont.load_default(letters), "ma")
    return picture.crop((0, 0, 2 * size, math.ceil(top + 2.5 * block + letters)))


def point_coverage(profile: str, x: Tensor) -> Tensor:
    """Coverage at places x, ``[n]``, by a point at ½, in an image of `PIXELS` pixels from 0 to 1."""
    width, softness = torch.tensor(POINT_WIDTH), torch.tensor(POINT_SOFTNESS)
    return stroke_coverage(profile, (x - 0.5).abs(), width, softness, 1 / PIXELS)


def _plot(values: Tensor, size: int, inner: int) -> Image.Image:
    """The curve of values ``[n]`` in [0, 1] between its lines 0 and 1, as a scene of three polylines, 2 × 1."""
    x, level = torch.linspace(-1, 1, len(values)) * inner / (2 * size) + 1, torch.ones_like(values)
    curves = [torch.stack([x, 0.9 - 0.75 * y], dim=-1) for y in (0 * level, level, values)]
    widths = (1 / size, 1 / size, 2.5 / size)
    groups = [
        Group(PathOutline(curve[None, None]), (slot,), torch.full((1, 1), width))
        for slot, (curve, width) in enumerate(zip(curves, widths, strict=True))
    ]
    colors = torch.stack([_color(FRAME), _color(FRAME), _color(PALETTE[2])])[None]
    ones = torch.ones(1, len(groups))
    scene = Scene(tuple(groups), colors, ones, ones, _color("white")[None])
    return to_picture(rasterize(scene, size, 2 * size, coverage="ramp"))


# The page


def page() -> str:
    """README.md of the gallery."""
    kinds = "\n".join(_kind_line(name, kind) for name, kind in KINDS.items())
    owners = (
        (PAINT, "all"),
        (STROKE, "lines, curves and outlines"),
        (STROKE_COLOR, "those that are filled and stroked"),
        (gradient_fields("", "radial", 3), "those with radial gradients of three stops"),
        (DEPTH, "those ordered by depth"),
    )
    shared = "\n".join(
        f"| `{name}` | {_range(field)} | {whom} |" for fields, whom in owners for name, field in fields.items()
    )
    return f"""# Gallery
Written by `python scripts/gallery.py` from the code: do not edit it, run it again.

## Kinds
Five shapes of each kind, soft (as trained) and crisp, and the crisp drawing as SVG; here are [all of them](kinds.png).

A point lies on the canvas or up to {MARGIN:g} outside. Lengths are in canvas units: its shorter side is 1. Angles
are in radians, clockwise, without bounds. Numbers of points are those of the default options.

| kind | soft and crisp | SVG | fields | options |
|---|---|---|---|---|
{kinds}

Shapes also have:

| field | range | shapes |
|---|---|---|
{shared}

## Paint
Fills and strokes in flat colours and gradients, ends and corners of strokes, fill rules, and shapes that are painted as
one.

![{", ".join(paints())}](paints.png)

## Layouts
Where the shapes of `primitives=NAME` start, in other colours: they all begin grey.

![{", ".join(sorted(path.stem for path in (conf_folder() / "primitives").glob("*.yaml")))}](layouts.png)

## Profiles
A point of width {POINT_WIDTH:g} in the middle, in one dimension: how much of each place it covers, and the image of
{PIXELS} pixels that it becomes. The softness is {POINT_SOFTNESS:g}.

![{", ".join(reversed(PROFILES))}](profiles.png)
"""


def _kind_line(name: str, kind: type[Primitive]) -> str:
    """A kind's line of the table."""
    shared = {*PAINT, *STROKE, *DEPTH}
    own = {field_name: field for field_name, field in kind.fields().items() if field_name not in shared}
    cells = [
        f"**`{name}`**<br>{(inspect.getdoc(kind) or '').splitlines()[0]}",
        f'<img src="{name}.png" width="220" alt="{name}, soft and crisp">',
        f'<img src="{name}.svg" width="108" alt="{name} as SVG">',
        "<br>".join(f"`{field_name}`: {_range(field)}" for field_name, field in own.items()),
        "<br>".join(f"`{option_name}`: {_choices(option)}" for option_name, option in kind.options().items()),
    ]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _range(field: Field) -> str:
    """What a field may be, in words."""
    between = f"{field.low:g} … {field.high:g}"
    words = {
        "point": "a point",
        "points": f"{(field.size or 0) // 2} points",
        "length": f"a length, {between}",
        "angle": "an angle",
        "unit": between,
    }[field.quantity.name]
    words += " for each channel" if field.size is None else ""
    words += f"; crisp {field.low:g} or {field.high:g}" if field.discrete else ""
    return words if field.learned else f"{words}; fixed to {field.start} unless learned"


def _choices(option: Option) -> str:
    """An option's default and what it may be."""
    return f"{str(option.default).lower()} ({describe(option.allowed)})"


if __name__ == "__main__":
    raise SystemExit(main())
