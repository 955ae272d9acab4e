"""Config files compose, agree with the signatures, and build; sections that do not are refused by name."""

import dataclasses
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from helpers.models import composed, composed_fit, run_training

from benchmarks.command import BenchmarkConfig
from docs._gallery.gallery import GalleryConfig
from vectorae.commands.command_line import conf_folder
from vectorae.commands.evaluate import EvaluateConfig
from vectorae.commands.evaluate_photos import EvaluatePhotosConfig
from vectorae.commands.export import ExportConfig
from vectorae.commands.fit import FitConfig
from vectorae.commands.sample import SampleConfig
from vectorae.commands.shards import ShardsConfig
from vectorae.commands.train import TrainConfig, trainer_settings
from vectorae.commands.train_classifier import TrainClassifierConfig
from vectorae.commands.vectorize import VectorizeConfig
from vectorae.config import components as configuration
from vectorae.config.arguments import parameters
from vectorae.config.components import check, check_arguments, flatten, instantiate
from vectorae.errors import UserError
from vectorae.fitting import FitPlan
from vectorae.fitting.plan import build_plan
from vectorae.rasterizer import Rasterizer
from vectorae.training.build import build_dataset, build_model

CONF = conf_folder()
COMPONENTS = ("dataset", "primitives", "encoder", "rasterizer", "loss", "optimizer")
CHOICES = [(group, file.stem) for group in (*COMPONENTS, "trainer") for file in sorted((CONF / group).glob("*.yaml"))]
EXPERIMENTS = sorted(
    file.stem for file in (CONF / "experiment").glob("*.yaml") if not file.stem.startswith(("fit_", "kodak_"))
)
"""Of training; those of fit are tested with it."""
SMALL = ["dataset.image_size=32"]


@pytest.mark.parametrize(("group", "choice"), CHOICES, ids=lambda value: value)
def test_every_choice_composes_and_builds(
    group: str, choice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if choice == "timm":
        pytest.importorskip("timm", reason="timm is not installed: pip install 'vectorae[timm]'")
    config = composed(f"{group}={choice}", *SMALL)
    if (group, choice) != ("trainer", "gpu"):
        trainer_settings(config["trainer"])
    model = build_model(config)
    assert model.config == config
    if config["dataset"]["_target_"] == "vectorae.datasets.ToyFaces":
        build_dataset(config)
        return
    with pytest.raises(UserError, match=r"^dataset\.root: "):
        build_dataset(config)  # its files are not here


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_composes_and_builds(experiment: str) -> None:
    config = composed(f"experiment={experiment}")
    build_model(config)
    trainer_settings(config["trainer"])


def test_groups_combine() -> None:
    config = composed("dataset=mnist", "primitives=lines_free", "encoder=resnet18", "loss=l1", "trainer=cpu")
    assert build_model(config).config["dataset"]["channels"] == 1


SCHEMAS = {
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
    "train_classifier": TrainClassifierConfig,
    "fit": FitConfig,
    "evaluate_photos": EvaluatePhotosConfig,
    "vectorize": VectorizeConfig,
    "sample": SampleConfig,
    "shards": ShardsConfig,
    "export": ExportConfig,
    "benchmark": BenchmarkConfig,
    "gallery": GalleryConfig,
}
"""Every command."""


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_and_file_have_the_same_keys_and_defaults(name: str) -> None:
    schema: Any = SCHEMAS[name]
    written = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))
    entries = written.pop("defaults")
    if "fit" in entries:
        extended = yaml.safe_load((CONF / "fit.yaml").read_text(encoding="utf-8"))
        entries, written = extended.pop("defaults"), extended | written
    groups = {next(iter(entry)) for entry in entries if isinstance(entry, dict)}
    groups = {group for group in groups if " " not in group} - {"experiment", "medium"}
    del written["hydra"]
    if name in ("fit", "evaluate_photos"):
        written |= yaml.safe_load((CONF / "medium" / "paint.yaml").read_text(encoding="utf-8"))
    defaults = dataclasses.asdict(schema())
    assert groups | set(written) == set(defaults)
    for key, value in written.items():
        if not (isinstance(value, dict) and "_target_" in value):
            assert value == defaults[key], key


def test_a_training_without_arguments_is_what_the_classes_do() -> None:
    """Whatever the files of a default training say of a component is its class's default."""
    config, said = composed(), 0
    needed = {"primitives", "loss", "dataset"}
    for name, section in config.items():
        if isinstance(section, dict) and "_target_" in section and name not in needed:
            target = check(section, name, ("layout", "features", "side", "channels", "image_size"))
            for key, value in section.items():
                if key != "_target_":
                    own = dataclasses.is_dataclass(target)
                    default = getattr(target(), key) if own else parameters(target)[key].default
                    assert value == default, f"{name}.{key}"
                    said += 1
    assert said > 20


def test_a_fit_without_arguments_is_what_the_classes_do() -> None:
    config = composed_fit()
    assert build_plan(config, None) == FitPlan()
    assert instantiate(config["rasterizer"], "rasterizer") == Rasterizer()
    assert config["snapshots"] == FitConfig().snapshots


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("revival.times=3", "revival: is called relocation now"),
        ("relocation.part=0.1", "relocation.part: is called relocation.threshold now"),
    ],
)
def test_renamed_keys_name_the_new_one(
    override: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_training(tmp_path / "run", override) == 2
    assert capsys.readouterr().err == f"vectorae: error: {message}\n"


def test_times_are_quoted_in_every_file() -> None:
    """Unquoted, yaml reads 00:00:15:00 as an integer of base 60."""
    for file in CONF.rglob("*.yaml"):
        plain = yaml.safe_load(file.read_text(encoding="utf-8"))
        limit = (plain.get("max_time") if "max_time" in plain else (plain.get("trainer") or {}).get("max_time")) or "0s"
        assert isinstance(limit, str), file


class Component:
    """Stands for a component of the package."""

    def __init__(
        self,
        rows: int,
        *,
        scale: float = 1.0,
        kinds: list[str] | None = None,
        mode: Literal["a", "b"] = "a",
        root: str | Path | None = None,
        channels: int = 3,
    ) -> None:
        self.values = (rows, scale, kinds, mode, root, channels)


@pytest.fixture
def section(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A section whose target is the class above, as if it stood in the package."""
    monkeypatch.setattr(Component, "__module__", "vectorae.config.components")
    monkeypatch.setattr(configuration, "Component", Component, raising=False)
    return {"_target_": "vectorae.config.components.Component", "rows": 4}


def test_instantiate_passes_section_and_extra(section: dict[str, Any]) -> None:
    made = configuration.instantiate({**section, "scale": 2, "kinds": ["circle"]}, "part", channels=1)
    assert made.values == (4, 2, ["circle"], "a", None, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"row": 3}, "part.row: no such key; choose from kinds, mode, root, rows, scale (did you mean rows?)"),
        ({"channels": 3}, "part.channels: no such key"),
        ({"rows": "abc"}, "part.rows must be an integer, got 'abc'"),
        ({"rows": 1.5}, "part.rows must be an integer, got 1.5"),
        ({"rows": True}, "part.rows must be an integer, got True"),
        ({"scale": "wide"}, "part.scale must be a number, got 'wide'"),
        ({"kinds": "circle"}, "part.kinds must be a list or null, got 'circle'"),
        ({"kinds": [1]}, "part.kinds.0 must be text, got 1"),
        ({"mode": "c"}, "part.mode must be a or b, got 'c'"),
        ({"root": 3}, "part.root must be text or a path or null, got 3"),
        (
            {"_target_": "vectorae.config.components.Nothing"},
            "part._target_: 'vectorae.config.components.Nothing' is not a class",
        ),
        ({"_target_": "vectorae.nowhere.Nothing"}, "part._target_: 'vectorae.nowhere.Nothing' is not a class"),
        ({"_target_": "vectorae.config.components.build_model"}, "is not a class of vectorae"),
        ({"_target_": "vectorae.config.components.Path"}, "is not a class of vectorae"),
        ({"_target_": "subprocess.Popen"}, "is not a class of vectorae"),
        ({"_target_": None}, "is not a class of vectorae"),
    ],
)
def test_instantiate_refuses_by_name(section: dict[str, Any], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as refusal:
        configuration.instantiate({**section, **changes}, "part", channels=1)
    assert message in str(refusal.value)


def test_a_missing_key_is_named(section: dict[str, Any]) -> None:
    del section["rows"]
    with pytest.raises(UserError, match=r"part\.rows: missing"):
        configuration.instantiate(section, "part")
    with pytest.raises(UserError, match=r"part: nothing chosen"):
        configuration.instantiate({}, "part")


def test_a_refusal_by_the_component_gets_its_section(section: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(self: Component, rows: int) -> None:
        raise UserError(f"rows: {rows} is too many")

    monkeypatch.setattr(Component, "__init__", refusing)
    with pytest.raises(UserError, match=r"^part\.rows: 4 is too many$"):
        configuration.instantiate(section, "part")


def test_a_bug_inside_a_component_is_not_swallowed(section: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Component, rows: int) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(Component, "__init__", broken)
    with pytest.raises(TypeError, match="a bug"):
        configuration.instantiate(section, "part")


@pytest.mark.parametrize("size", [0, -1, 2.5, "big", None, True])
def test_image_size_must_be_a_whole_number(size: Any) -> None:
    config = composed()
    config["dataset"]["image_size"] = size
    with pytest.raises(UserError, match=r"dataset\.image_size"):
        build_model(config)


def test_arguments_of_a_function_are_checked_too() -> None:
    def function(a: int | Literal["auto"] = "auto") -> None: ...

    check_arguments(function, {"a": "auto"}, "part")
    with pytest.raises(UserError, match=r"part\.a must be an integer or auto, got 'x'"):
        check_arguments(function, {"a": "x"}, "part")


def test_flatten() -> None:
    assert flatten({"a": {"b": 1, "c": [2]}, "d": None}) == {"a.b": 1, "a.c": "[2]", "d": "None"}
