"""Sample new drawings from a variational latent, and interpolate between them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.io.animation import write_gif
from vectorae.io.atomic import write_atomic
from vectorae.io.frame import OutputSize
from vectorae.io.images import as_png
from vectorae.io.pixels import to_picture, to_pictures
from vectorae.io.sheets import TILE, contact_sheet
from vectorae.scene import Scene
from vectorae.svg import to_animated_svg, to_svg
from vectorae.training.autoencoder import VectorAutoencoder

INTERPOLATIONS = 8
"""Rows of the sheet of interpolations, at most."""


@dataclass(frozen=True)
class Samples:
    """Random latents and their drawings.

    Attributes:
        latents: ``[count, size]``.
        scene: their drawings, crisp, on the CPU.
        interpolations: from each latent to the next, and from the last to the first: crisp scenes of ``steps`` drawings
            each, the first of which is the latent's own.
    """

    latents: Tensor
    scene: Scene
    interpolations: list[Scene]


@torch.no_grad()
def sample_drawings(model: VectorAutoencoder, count: int, seed: int, temperature: float, steps: int) -> Samples:
    """Draw latents from a normal distribution, and decode them.

    Args:
        model: variational.
        count: how many, ≥ 1.
        seed: of the latents.
        temperature: standard deviation of the latents, ≥ 0; at 0 all are the mean.
        steps: drawings from one latent to the next, ≥ 1.

    Raises:
        UserError: the model is not variational.
    """
    latent = model.encoder.latent
    if latent is None or not latent.variational:
        raise UserError("checkpoint: was not trained with model.variational=true: there is nothing to sample from")
    noise = torch.randn(count, latent.size, generator=torch.Generator().manual_seed(seed))
    latents = (temperature * noise).to(model.device)
    fractions = torch.linspace(0, 1, steps + 1, device=model.device)[:-1]
    pairs = zip(latents, latents.roll(-1, 0), strict=True)
    arcs = [spherical_interpolation(start, end, fractions) for start, end in pairs]
    return Samples(latents, _decoded(model, latents), [_decoded(model, arc) for arc in arcs])


def spherical_interpolation(start: Tensor, end: Tensor, fractions: Tensor) -> Tensor:
    """Latents on the arc between two, at fractions of it (slerp; Shoemake, 1985).

    A straight line would pass near the origin, where latents hardly ever lie.

    Args:
        start, end: ``[size]``.
        fractions: ``[n]`` in [0, 1].

    Returns:
        ``[n, size]``.
    """
    cosine = torch.dot(start, end) / (start.norm() * end.norm()).clamp_min(1e-12)
    angle, t = cosine.clamp(-1, 1).acos(), fractions[:, None]
    if angle.sin() < 1e-3:
        return start + t * (end - start)
    return (((1 - t) * angle).sin() * start + (t * angle).sin() * end) / angle.sin()


def _decoded(model: VectorAutoencoder, latents: Tensor) -> Scene:
    return model.decoder.scene(model.encoder.decode_latent(latents), model.state, crisp=True).to("cpu")


def write_samples(model: VectorAutoencoder, samples: Samples, folder: Path, size: OutputSize) -> None:
    """Write ``samples.png`` and ``svg/NN.svg``; ``interpolation.png``, ``.gif`` and ``.svg``.

    Args:
        model: whose drawings they are.
        samples: from ``sample_drawings``.
        folder: of the files.
        size: of ``svg/NN.svg``, by that of the model's images.
    """
    side = model.image_size
    large = max(side, TILE)

    def draw(scene: Scene, size: int) -> Tensor:
        return model.decoder.draw(scene, size, size, model.state, crisp=True)

    for index, text in enumerate(to_svg(samples.scene, side, side, frames=[size.square(side)] * samples.scene.batch)):
        write_atomic(folder / "svg" / f"{index:02d}.svg", text.encode())
    sheet = contact_sheet({"": to_pictures(draw(samples.scene, large))})
    write_atomic(folder / "samples.png", as_png(sheet))
    count = samples.scene.batch
    arcs = {
        f"{start} to {(start + 1) % count}": to_pictures(draw(scene, side))
        for start, scene in enumerate(samples.interpolations[:INTERPOLATIONS])
    }
    sheet = contact_sheet(arcs, columns=samples.interpolations[0].batch)
    write_atomic(folder / "interpolation.png", as_png(sheet))
    steps = [scene[step] for scene in samples.interpolations for step in range(scene.batch)] + [samples.scene[0]]
    frames = [to_picture(draw(scene, large)) for scene in steps]
    seconds = float(len(samples.interpolations))
    write_gif(frames, folder / "interpolation.gif", seconds)
    write_atomic(folder / "interpolation.svg", to_animated_svg(steps, side, side, seconds=seconds, rest=0.5).encode())
