"""A photograph drawn by every recipe, with every choice of primitives, and with keys that go together."""

import json
from pathlib import Path

import pytest
from helpers.commands import Command, command_in

from vectorae.commands import fit

CONF = Path(__file__).resolve().parents[2] / "conf"
MADE_FOR_FITTING = sorted(path.stem for path in (CONF / "primitives").glob("*_[0-9][0-9]*.yaml"))
SMALL = ("size=24", "max_steps=6", "snapshots=3", "device=cpu")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Call the command in a folder of its own: exit code, stdout and stderr."""
    return command_in(tmp_path, fit.main, monkeypatch, capsys)


@pytest.mark.parametrize("medium", ["paint", "ink"])
@pytest.mark.parametrize("primitives", MADE_FOR_FITTING)
def test_every_choice_of_primitives(command: Command, primitives: str, medium: str) -> None:
    choices = (f"primitives={primitives}", f"medium={medium}", "primitives.count=7", "growth.rounds=2", "max_steps=3")
    assert command(*choices, "size=16", "snapshots=1", "relocation.times=2", "relocation.until=1")[0] == 0


LOSSES = [
    *(f"loss={name}" for name in ("l1", "bce", "pyramid_mse", "difference_of_gaussians", "edges", "ssim")),
    *(f"loss=blurred_mse loss.terms.blurred_mse.sigma={sigma}" for sigma in (1, 3, 5)),
    "loss.terms.overlap=0.1 loss.terms.opacity_sparsity=0.1",
]
RECIPES = ["fit_1000_points", "fit_1000_lines", "fit_500_lines"]


@pytest.mark.parametrize(("loss", "number"), zip(LOSSES, range(len(LOSSES)), strict=True))
def test_every_loss_and_every_recipe(command: Command, loss: str, number: int) -> None:
    """Each loss with one recipe, in turn: the two meet in nothing but the config, which is composed anew each time."""
    recipe = f"experiment={RECIPES[number % len(RECIPES)]}"
    assert command(recipe, *loss.split(), "primitives.count=9", *SMALL, "max_steps=2")[0] == 0


@pytest.mark.parametrize("count", [256, 512, 1024])
def test_recipes_for_photographs_at_full_size(command: Command, tmp_path: Path, count: int) -> None:
    overrides = (f"experiment=kodak_{count}", "size=16", "max_steps=6", "max_time=null", "snapshots=2", "device=cpu")
    assert command(*overrides, "hydra.run.dir=run")[0] == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["shapes"] + metrics["collapsed"] == count
    assert metrics["numbers_per_shape"] == 16  # six points, colour, opacity


@pytest.mark.parametrize(
    "choice",
    [
        "replacement.times=3 replacement.threshold=9",
        "replacement.times=3 replacement.threshold=9 primitives=mixed_free primitives.count=9 coarse.factor=2",
        "weight=edges palette=3",
        "primitives.ordering=depth growth.rounds=2",
        "rasterizer.compositing=soft_or primitives.background=0",
        "rasterizer=reference primitives.count=2 max_steps=2 snapshots=1",
        "channels=1",
        "restarts=2",
        "seeding.places=gradient",
        "seeding.places=layout growth.rounds=2",
        "seeding.sizes=equal seeding.colors=layout",
        "primitives=shapes_4x4",
        "primitives=mixed_free primitives.paint=stroke",
        "primitives.fields.color=0.5",
        "max_time=1s max_steps=null",
        "plateau=2",
        "softness.unit=canvas softness.start=0.1",
        "softness.shape=cosine",
        "softness.shape=plateau",
    ],
)
def test_keys_that_go_together(command: Command, choice: str) -> None:
    count = [] if "shapes_4x4" in choice else ["primitives.count=6"]
    assert command(*SMALL, *count, *choice.split())[0] == 0
