"""The pictures of *Differentiable Drawing and Sketching* (Mihai and Hare, 2021), of any photograph, as one sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from vectorae.commands import schemas
from vectorae.commands.evaluate import available_lpips
from vectorae.commands.fit import FitConfig
from vectorae.errors import UserError
from vectorae.fitting.build import build_fitting
from vectorae.fitting.photos import Photo, Reader
from vectorae.io.atomic import write_atomic
from vectorae.io.images import as_png
from vectorae.io.pixels import to_picture
from vectorae.io.progress import counting
from vectorae.io.sheets import captioned_sheet

MEDIUMS = {"ink": ("medium=ink",), "colour": ("medium=paint", "primitives.fields.stroke_width=learned")}
"""Name of a sheet → what is changed for it."""

COLUMNS = 3
GAP, CAPTION = 12, 24
"""Pixels between the pictures, and below each."""

SNAPSHOTS = 20
"""How often the drawing is evaluated on the way."""


@dataclass(frozen=True)
class Recipe:
    """One picture: what it is called, and the overrides that it is made with."""

    caption: str
    overrides: tuple[str, ...]


RECIPES = (
    Recipe("1000 points, MSE", ("experiment=fit_1000_points",)),
    Recipe("500 lines, MSE", ("experiment=fit_500_lines",)),
    *(
        Recipe(
            f"1000 lines, blurred MSE, sigma {sigma}",
            ("experiment=fit_1000_lines", f"loss.terms.blurred_mse.sigma={sigma}"),
        )
        for sigma in (1, 3, 5)
    ),
    Recipe("1000 lines, pyramid", ("experiment=fit_1000_lines", "loss=pyramid_mse")),
    # Finer than the pen, differences ask for no lines at all: each is blacker than anything around it.
    Recipe(
        "1000 lines, difference of gaussians",
        ("experiment=fit_1000_lines", "loss=difference_of_gaussians", "loss.terms.difference_of_gaussians.sigma=2"),
    ),
    Recipe("1000 lines, LPIPS", ("experiment=fit_1000_lines", "loss=lpips")),
)


def draw_recipes(image: str, size: int, steps: int | None, folder: Path) -> list[Path]:
    """Every recipe of an image, in ink and in colour: a sheet of each.

    Args:
        image: a file.
        size: of its shorter side, in pixels.
        steps: of the optimizer; None is as many as the recipes have.
        folder: where the sheets go.

    Returns:
        The sheets.

    Raises:
        UserError: an image that cannot be read.
    """
    recipes = [one for one in RECIPES if "loss=lpips" not in one.overrides or available_lpips(size)]
    sheets = []
    with counting("drawing", len(MEDIUMS) * len(recipes)) as advance:
        for medium, changes in MEDIUMS.items():
            cells: list[tuple[str, Image.Image]] = []
            for recipe in recipes:
                overrides = [*recipe.overrides, *changes, f"size={size}"]
                overrides = [f"++{one}" if "." in one else one for one in overrides]
                config = schemas.compose_config("fit", FitConfig, overrides)
                photo = _photo(image, folder, config)
                if not cells:
                    cells.append((photo.title, to_picture(photo.pixels[None])))
                cells.append((recipe.caption, _drawn(config, photo, steps)))
                advance(1)
            sheet = captioned_sheet(cells, COLUMNS, gap=GAP, caption=CAPTION, drop=4)
            sheets.append(folder / f"{Path(image).stem}_{medium}.png")
            write_atomic(sheets[-1], as_png(sheet))
    return sheets


def _photo(image: str, folder: Path, config: Mapping[str, Any]) -> Photo:
    if not Path(image).expanduser().is_file():
        raise UserError(f"image: no file '{image}'")
    read = Reader(config["size"], config["channels"], config["background"], config["max_pixels"])
    return read(image, folder)[0][0]


def _drawn(config: Mapping[str, Any], photo: Photo, steps: int | None) -> Image.Image:
    """The best drawing of a fit, crisp."""
    config = {**config, "max_steps": config["max_steps"] if steps is None else steps}
    images = photo.pixels[None]
    torch.manual_seed(config["seed"])
    fitting, _ = build_fitting(config, images)
    fitting.objective_of(0).check(*images.shape[-2:])
    fitting.run(SNAPSHOTS)
    return to_picture(fitting.draw(0, crisp=True))
