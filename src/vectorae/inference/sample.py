"""New drawings out of a variational latent, and the ways between them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from vectorae.errors import UserError
from vectorae.io.animation import write_gif
from vectorae.io.atomic import write_atomic
from vectorae.io.images import as_png
from vectorae.io.sheets import contact_sheet
from vectorae.scene import Scene
from vectorae.svg import to_animated_svg, to_svg
from vectorae.training.autoencoder import VectorAutoencoder

SHEET_COLUMNS = 8

TILE = 128
"""Side of a drawing on the sheets and in the animation, pixels, at least."""

WAYS = 8
"""Rows of the sheet of interpolations, at most."""


@dataclass(frozen=True)
class Samples:
    """Drawings of latents that were drawn by lot.

    Attributes:
        latents: ``[count, size]``.
        scene: their drawings, crisp.
        ways: from each latent to the next, and from the last to the first: crisp scenes, for each as many drawings as
            there are steps.
    """

    latents: Tensor
    scene: Scene
    ways: list[Scene]


@torch.no_grad()
def sample(model: VectorAutoencoder, count: int, seed: int, temperature: float, steps: int) -> Samples:
    """Draw latents from a normal distribution, and drawings of them.

    Args:
        model: a variational one.
        count: how many, 1 or more.
        seed: of the lots.
        temperature: standard deviation of the latents; of 0 all are the mean.
        steps: drawings from one latent to the next, 1 or more.

    Raises:
        UserError: the model is not variational.
    """
    latent = model.encoder.latent
    if latent is None or not latent.variational:
        raise UserError("checkpoint: was not trained with model.variational=true: there is nothing to sample from")
    generator = torch.randn(count, latent.size, generator=torch.Generator().manual_seed(seed))
    latents = (temperature * generator).to(model.device)
    parts = torch.linspace(0, 1, steps + 1, device=model.device)[:-1]
    ways = [between(one, other, parts) for one, other in zip(latents, latents.roll(-1, 0), strict=True)]
    return Samples(latents, _drawn(model, latents), [_drawn(model, way) for way in ways])


def between(one: Tensor, other: Tensor, parts: Tensor) -> Tensor:
    """Latents on the arc from one to another, at parts of it ``[n]``: ``[n, size]`` (Shoemake, 1985).

    A straight line would pass near the origin, where latents hardly ever lie.
    """
    cosine = torch.dot(one, other) / (one.norm() * other.norm()).clamp_min(1e-12)
    angle, t = cosine.clamp(-1, 1).acos(), parts[:, None]
    if angle.sin() < 1e-3:
        return one + t * (other - one)
    return (((1 - t) * angle).sin() * one + (t * angle).sin() * other) / angle.sin()


def _drawn(model: VectorAutoencoder, latents: Tensor) -> Scene:
    return model.decoder.scene(model.encoder.decode_latent(latents), model.state, crisp=True).to("cpu")


def write_samples(model: VectorAutoencoder, samples: Samples, folder: Path) -> None:
    """``samples.png`` and ``svg/NN.svg``; ``interpolation.png``, ``.gif`` and ``.svg``."""
    side = model.image_size
    large = max(side, TILE)

    def draw(scene: Scene, size: int) -> Tensor:
        return model.decoder.draw(scene, size, size, model.state, crisp=True)

    for index, text in enumerate(to_svg(samples.scene, side, side)):
        write_atomic(folder / "svg" / f"{index:02d}.svg", text.encode())
    drawings = draw(samples.scene, large)
    _write_sheet(list(drawings.split(SHEET_COLUMNS)), folder / "samples.png")
    rows = [draw(way, side) for way in samples.ways[:WAYS]]
    _write_sheet(rows, folder / "interpolation.png")
    journey = [way[step] for way in samples.ways for step in range(way.batch)] + [samples.scene[0]]
    larger = [draw(scene, large) for scene in journey]
    frames = [Image.fromarray(contact_sheet([one], tile=1)) for one in larger]
    write_gif(frames, folder / "interpolation.gif", seconds=len(samples.ways))
    moving = to_animated_svg(journey, side, side, seconds=float(len(samples.ways)), rest=0.5)
    write_atomic(folder / "interpolation.svg", moving.encode())


def _write_sheet(rows: list[Tensor], path: Path) -> None:
    blank = rows[0].shape[0] - rows[-1].shape[0]
    rows[-1] = torch.cat([rows[-1], rows[-1].new_ones(blank, *rows[-1].shape[1:])])
    write_atomic(path, as_png(Image.fromarray(contact_sheet(rows))))
