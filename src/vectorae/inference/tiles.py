"""Pictures of any size, drawn tile by tile by a model of small square images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.datasets.decode import in_order
from vectorae.decoder import Decoder, DrawState, Feedback, Parts, keep_regrown, optimize_raw, worthwhile
from vectorae.errors import UserError, reason
from vectorae.fitting.photos import MOST_PIXELS
from vectorae.inference.vectorize import DrawnBatch, Outputs, draw_batches
from vectorae.io.image_files import ImageFile
from vectorae.io.images import MAX_PIXELS, Picture, inverted, picture_size, read_whole, whole_part
from vectorae.io.pixels import to_float
from vectorae.layout import TiledLayout
from vectorae.scene import Scene
from vectorae.training.autoencoder import REFINEMENT_RATE, VectorAutoencoder
from vectorae.training.candidates import STEPS_PER_REGROWTH, answering, find_candidates
from vectorae.training.eval_mode import eval_mode
from vectorae.training.options import ModelOptions

PICTURES_AHEAD = 4
"""That are read at once."""

READABLE = 2.5
"""Pixels of a picture for each that the model sees of it, about, unless the number of tiles is chosen."""

OVERHANG = 0.1
"""Part of a tile by which a picture may be longer than its tiles, before there is one more: its edge is then drawn by
shapes that reach out of them."""


@dataclass(frozen=True)
class Tiles:
    """A grid of square tiles that cover a picture. Along the longer side they overlap, as far as they must.

    Attributes:
        rows, columns: of the grid.
        side: of a tile, pixels.
        height, width: of the picture in which a tile has ``side`` pixels.
    """

    rows: int
    columns: int
    side: int
    height: int
    width: int

    @classmethod
    def of(cls, height: int, width: int, side: int) -> Tiles:
        """The tiles of a picture whose shorter side is that of a few of them, ``side`` pixels each."""
        rows, columns = (max(1, math.ceil(length / side - OVERHANG)) for length in (height, width))
        return cls(rows, columns, side, height, width)

    @property
    def count(self) -> int:
        """How many there are, T."""
        return self.rows * self.columns

    @property
    def corners(self) -> Tensor:
        """Upper left corners, row by row, ``[T, 2]``, int64, x and y in whole pixels."""

        def starts(number: int, length: int) -> Tensor:
            return torch.linspace(0, length - self.side, number).round().long()

        x, y = starts(self.columns, self.width), starts(self.rows, self.height)
        return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).flatten(0, 1)

    def cut(self, picture: Tensor) -> Tensor:
        """The tiles ``[T, C, S, S]`` of a picture ``[1, C, height, width]``."""
        places = self.corners.tolist()
        return torch.cat([picture[:, :, y : y + self.side, x : x + self.side] for x, y in places])


def tiles_along(height: int, width: int, side: int) -> int:
    """How many tiles lie along the shorter side of a picture, unless it is chosen.

    Args:
        height, width: of the picture, pixels.
        side: S, of the model's images, pixels.
    """
    return max(1, round(min(height, width) / (READABLE * side)))


class TiledDrawing:
    """A drawing of one picture by a model of its tiles, all of whose shapes lie on one canvas.

    Each tile is first drawn for itself, with half of the model's hypotheses and corrections. As shapes reach into other
    tiles, all learned corrections then go on together: what corrects a tile sees the whole drawing in its square, and
    the gradient of the whole picture's cost. Then half of the shapes of all tiles are drawn anew together (see
    ``regrow``), as often as the model's options say.

    Args:
        model: on its device.
        picture: ``[1, C, height, width]`` in [0, 1] on the same device, as large as the tiles say.
        tiles: of the picture.

    Attributes:
        decoder: raw numbers of all tiles → drawings of the canvas.
        raw: raw numbers of the drawing, ``[1, T raw_size]``.

    Raises:
        UserError: a model whose tiles cannot lie on one canvas.
    """

    def __init__(self, model: VectorAutoencoder, picture: Tensor, tiles: Tiles) -> None:
        check_tiled(model)
        self._model, self._picture, self._tiles = model, picture, tiles
        shorter = min(tiles.height, tiles.width)
        self._side = tiles.side / shorter
        corners = tiles.corners.to(picture) / shorter
        layout = TiledLayout(model.layout, corners, self._side, tiles.width / tiles.height)
        self.decoder = Decoder(layout, model.decoder.rasterizer).to(picture.device)
        self._parts = Parts(model.layout, tiles.cut, layout.tiles, self._side, layout.lowest)
        self._squares = tiles.cut(picture)
        with answering(model, options_alone(model.options)):
            alone = find_candidates(model, self._squares).best
        self.raw = self._corrected(alone)
        self._regrow(0, model.options.num_regrowths)

    @property
    def state(self) -> DrawState:
        """How the drawing looks, in units of the canvas."""
        state = self._model.state
        visible = None if state.visible is None else self._parts.visible(state.visible)
        return replace(state, softness=state.softness * self._side, visible=visible)

    def scene(self) -> Scene:
        """The crisp drawing."""
        return self.decoder.scene(self.raw, self.state, crisp=True)

    def refine(self, steps: int) -> None:
        """Take optimizer steps on the whole canvas, after one more regrowth for each 100 of them."""
        done = self._model.options.num_regrowths
        self._regrow(done, done + steps // STEPS_PER_REGROWTH)
        if steps:
            loss, state = self._model.loss, self.state
            self.raw = optimize_raw(
                self.raw,
                self._picture,
                self.decoder,
                loss,
                lambda progress: state,
                steps=steps,
                learning_rate=REFINEMENT_RATE,
            )

    def _regrow(self, first: int, last: int) -> None:
        """Draw half of the shapes anew where that is better, as ``Candidates.regrown`` does."""
        if first < last:
            given = self._picture, self.decoder, self._model.loss, self.state, range(first, last), self._parts
            self.raw = keep_regrown(self.raw[None], *given)[0][0]

    def _corrected(self, raw: Tensor) -> Tensor:
        """The best drawing ``[1, T raw_size]`` of those after each correction of all tiles together."""
        model, refiner, memory = self._model, self._model.refiner, None
        least, best = torch.inf, raw.flatten()[None]
        steps = 0 if refiner is None else model.options.num_corrections
        seen = refiner.see(model.encoder.encode(self._squares.to(model.dtype))) if refiner is not None else None
        for left in range(steps, -1, -1):
            whole, feedback = self._feedback(raw)
            if whole < least:
                least, best = whole, raw.flatten()[None]
            if left and refiner is not None and seen is not None:
                raw, memory = refiner(raw, feedback, self._squares, seen, memory, model.count)
        return best

    def _feedback(self, raw: Tensor) -> tuple[float, Feedback]:
        """The cost of the whole drawing, and for each tile the feedback on what lies in its square."""
        model, tiles = self._model, self._tiles
        whole = self.decoder.feedback(raw.flatten()[None], self._picture, model.loss, self.state)
        # Costs are means over pixels: of a tile its own were the loss in training.
        share = tiles.height * tiles.width / tiles.side**2
        scene = model.layout(raw, crisp=model.state.exact)
        gradient = share * whole.gradient.view_as(raw)
        cost = whole.cost.expand(tiles.count)
        return float(whole.cost), Feedback(scene, tiles.cut(whole.drawing), cost, {}, gradient)


def options_alone(options: ModelOptions) -> ModelOptions:
    """How a tile is drawn for itself. With all corrections it becomes too sure of what other tiles will draw in it."""
    hypotheses, steps = max(1, options.num_hypotheses // 2), options.num_corrections // 2
    return replace(options, regrowths=0, hypotheses=hypotheses, answer_steps=steps)


def check_tiled(model: VectorAutoencoder) -> None:
    """Refuse a model whose tiles cannot lie on one canvas.

    Raises:
        UserError: its ink adds up, and backgrounds with it.
    """
    if model.decoder.rasterizer.compositing != "over" and model.layout.learns_background:
        raise UserError(
            "checkpoint: the shapes of this model add up like light, and so would the backgrounds of tiles; "
            "train one with rasterizer.compositing=over, or with a fixed primitives.background"
        )


@dataclass(frozen=True)
class TileReader:
    """How pictures are read that are drawn in tiles.

    Attributes:
        side: S, of the model's images, pixels.
        channels: 3, or 1 for grey.
        along: tiles along the shorter side; None: see ``tiles_along``.
        background, invert, max_pixels: as in a ``View``.
    """

    side: int
    channels: int
    along: int | None = None
    background: str = "white"
    invert: bool = False
    max_pixels: int = MAX_PIXELS

    def __call__(self, path: Path) -> Picture | str:
        """A picture with S pixels for each of its tiles, or in one line why it cannot be read."""
        try:
            width, height = picture_size(path)
            shorter = self.side * (self.along or tiles_along(height, width, self.side))
            picture = read_whole(path, shorter, self.channels, self.background, self.max_pixels, MOST_PIXELS)
        except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
            return reason(error)
        if not self.invert:
            return picture
        return picture._replace(pixels=inverted(picture.pixels.transpose(1, 2, 0), self.background).transpose(2, 0, 1))


def vectorize_tiled(
    model: VectorAutoencoder,
    files: Sequence[ImageFile],
    reader: TileReader,
    outputs: Outputs,
    *,
    refine: int = 0,
    count: int | None = None,
    price: float = 0.0,
    workers: int = 0,
) -> Iterator[DrawnBatch]:
    """Draw pictures of any size tile by tile (see ``TiledDrawing``), and write the drawings.

    Args:
        model: on its device.
        files: the images, and the names of their drawings, as ``find_images`` finds them.
        reader: of the pictures.
        outputs: what is written, and where.
        refine: optimizer steps of each whole drawing.
        count: shapes of each tile, for a model of any number of them; None draws with all.
        price: shapes that lower the loss by less than this are left out (see ``worthwhile``).
        workers: processes that decode images; 0 decodes in threads.

    Yields:
        Each picture as soon as it is drawn; it is written meanwhile.

    Raises:
        UserError: a model whose tiles cannot lie on one canvas.
    """
    check_tiled(model)

    def read() -> Iterator[DrawnBatch]:
        pictures = in_order(reader, (file.path for file in files), workers, PICTURES_AHEAD)
        for file, picture in zip(files, pictures, strict=True):
            if isinstance(picture, str):
                yield DrawnBatch([file], {file.path: picture}, torch.zeros(0, 1, 1, 1), None, [])
                continue
            image = to_float(torch.from_numpy(picture.pixels))[None]
            part = whole_part(min(image.shape[-2:]), picture.width, picture.height)
            frame = outputs.size.frame(part, picture.width, picture.height)
            yield DrawnBatch([file], {}, image, None, [frame])

    draw = partial(_draw, model, refine=refine, count=count, price=price)
    return draw_batches(model, read(), draw, outputs)


@torch.no_grad()
def draw_start(model: VectorAutoencoder, image: Tensor, along: int | None = None) -> Scene:
    """The crisp drawing of an image, tile by tile, that a fit may begin with.

    Args:
        model: on the image's device.
        image: ``[1, C, H, W]`` in [0, 1].
        along: tiles along the shorter side; None: see ``tiles_along``.

    Raises:
        UserError: a model whose tiles cannot lie on one canvas.
    """
    height, width = image.shape[-2:]
    side = model.image_size * (along or tiles_along(height, width, model.image_size))
    size = [round(side * length / min(height, width)) for length in (height, width)]
    picture = F.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)
    return _draw(model, picture, refine=0, count=None, price=0.0)


def _draw(model: VectorAutoencoder, picture: Tensor, *, refine: int, count: int | None, price: float) -> Scene:
    """The crisp scene of a picture ``[1, C, H, W]``."""
    with model.limited_to(count), eval_mode(model):
        drawing = TiledDrawing(model, picture, Tiles.of(picture.shape[2], picture.shape[3], model.image_size))
        drawing.refine(refine)
        scene = drawing.scene()
        return worthwhile(scene, picture, drawing.decoder, model.loss, drawing.state, price) if price else scene
