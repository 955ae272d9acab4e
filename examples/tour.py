# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tour of Vectorae
# Draw shapes, fit a picture, train a network that draws, turn images into SVG, export. That takes two minutes on two
# cores, and downloads nothing. The first drawing compiles its kernels, once.

# %%
import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from IPython.display import HTML, display

import vectorae
from vectorae.datasets import ToyFaces

# Seconds of each long step, and where its files go; a test takes less.
SECONDS = int(os.environ.get("TOUR_SECONDS", "60"))
FOLDER = Path(os.environ.get("TOUR_FOLDER", "outputs/tour"))


def show(scenes: Sequence[vectorae.Scene], size: int = 160) -> None:
    """Drawings side by side, as SVG."""
    svgs = itertools.chain.from_iterable(vectorae.to_svg(scene, size, size) for scene in scenes)
    display(HTML(" ".join(f'<span style="display: inline-block">{svg}</span>' for svg in svgs)))


# %% [markdown]
# ## Shapes
# Lengths are in units of the canvas's shorter side, x to the right, y down.

# %%
face = vectorae.Scene.of(
    [
        vectorae.circle((0.5, 0.5), 0.4, fill="#f2b733"),
        *(vectorae.circle((x, 0.42), 0.05, fill="#24304f") for x in (0.36, 0.64)),
        vectorae.curve([(0.3, 0.6), (0.4, 0.76), (0.6, 0.76), (0.7, 0.6)], stroke="#24304f", stroke_width=0.04),
    ],
    background="#fcf9f0",
)
show([face])

# %% [markdown]
# ## Pixels, and gradients
# `rasterize` draws a scene. With soft edges a shape feels what it does not touch yet. Here a disc finds the face.

# %%
target = vectorae.rasterize(face, 64, 64, coverage="ramp")
center = torch.tensor([[0.15, 0.2]], requires_grad=True)
radius = torch.tensor([0.15], requires_grad=True)
optimizer = torch.optim.Adam([center, radius], lr=0.02)


def disc() -> vectorae.Scene:
    """The disc as it is now."""
    return vectorae.Scene.of([vectorae.circle(center, radius, fill="#f2b733")], background="#fcf9f0")


snapshots = [disc().detach()]
for step in range(60):
    drawing = vectorae.rasterize(disc(), 64, 64, softness=0.1 * 0.95**step)
    loss = (drawing - target).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 19:
        snapshots.append(disc().detach())
show(snapshots, size=120)

# %% [markdown]
# ## Fit a picture
# `fit` draws one picture without a network. Put the path of a photograph of yours in place of this picture.

# %%
stripes = [
    vectorae.rectangle((0.5, 0.05 + i / 10), 1.2, 0.05, angle=0.4, fill=color)
    for i, color in enumerate(["#e65f4b", "#2a9d8f", "#3b5b92", "#f2b733"] * 3)
]
picture = vectorae.Scene.of([*stripes, vectorae.circle((0.5, 0.5), 0.25, fill="white")], background="#fcf9f0")
photo = vectorae.rasterize(picture, 128, 128, coverage="ramp")[0]  # [3, 128, 128], as a path would do too
fitted = vectorae.fit(photo, "triangles_100", max_time=f"{SECONDS // 6 + 1}s", size=128, progress=False)
show([picture, fitted])

# %% [markdown]
# ## Train a network that draws
# An encoder predicts sixteen circles and squares from a picture of a face; the project draws these faces itself.
# `python train.py` takes four minutes instead of one, and gets closer.

# %%
run = vectorae.train(
    [
        f"trainer.max_time={SECONDS}s",
        "dataset.train_count=2000",
        "dataset.val_count=64",
        "dataset.test_count=64",
        "dataset.image_size=32",
        "model.hypotheses=1",
        "trainer.val_check_interval=100",
    ],
    folder=FOLDER / "run",
)
print(f"crisp PSNR of the validation images: {run.metrics['psnr_crisp']:.1f} dB")

# %% [markdown]
# ## Vectorize
# Any images become SVG in one call.

# %%
faces = ToyFaces(image_size=32, train_count=2000, val_count=64, test_count=64)
images = faces.images("test")[:6]  # bytes, [6, 3, 32, 32]; the network has not seen them
drawings = run.model.vectorize(images)
show([drawings])

# %% [markdown]
# ## Export
# An SVG is text, and `from_svg` reads it again. The command `export` puts the encoder into a file for other programs;
# `format=onnx` needs no torch there.

# %%
svg = vectorae.to_svg(drawings, 512, 512)[0]
(FOLDER / "face.svg").write_text(svg, encoding="utf-8")
print(f"{len(svg)} characters in {FOLDER / 'face.svg'}; {vectorae.from_svg(svg)}")
exported = FOLDER / "exported"
command = ["export", f"checkpoint={run.checkpoint}", f"output={exported}", "format=safetensors", "overwrite=true"]
subprocess.run([sys.executable, "-m", "vectorae", *command], check=True)
print(*sorted(path.name for path in exported.iterdir()))
