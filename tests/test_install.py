"""An install that is not editable: the wheel carries conf/ and the console command, and trains from any folder."""

import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from helpers.image_folders import picture
from helpers.pages import ROOT

from vectorae.commands import COMMANDS

DEVELOPERS = {"benchmark": "benchmarks", "gallery": "docs/_gallery"}
"""Scripts that are no commands of the package, and where their code lies."""

TINY = [
    "dataset.image_size=16",
    "dataset.batch_size=8",
    "dataset.cache=cache",
    "head.width=16",
    "model.refine_steps=1",
    "model.answer_steps=1",
    "model.hypotheses=1",
    "watch.count=2",
    "trainer.accelerator=cpu",
    "trainer.max_steps=2",
    "trainer.val_check_interval=2",
    "rasterizer=reference",  # at another place the kernels would be compiled again, for toy faces too
]


IN_TURN = """
import sys
from vectorae.commands import main
for line in sys.argv[1:]:
    sys.argv = ["vectorae", *line.split()]
    assert main() == 0, line
"""
"""Runs command lines in one process, as each would import torch for seconds."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_a_registry_would_take_the_wheel(wheel: Path) -> None:
    """Its description is README, which must render."""
    checked = [sys.executable, "-m", "twine", "check", "--strict", str(wheel)]
    run = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert run.returncode == 0 and "PASSED" in run.stdout, run.stdout + run.stderr


def test_the_wheel_carries_configs_and_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        scripts = next(archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    files = {f"vectorae/conf/{file.relative_to(ROOT / 'conf').as_posix()}" for file in (ROOT / "conf").rglob("*.yaml")}
    own = {f"vectorae/conf/{name}.yaml" for name in DEVELOPERS}
    assert own < files and {name for name in names if name.startswith("vectorae/conf/")} == files - own
    assert "vectorae = vectorae.commands:main" in scripts
    assert {"vectorae/py.typed", "vectorae/__init__.pyi", "vectorae/__main__.py"} < set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    web = ROOT / "src" / "vectorae" / "export" / "web"
    page = {f"vectorae/export/web/{file.relative_to(web).as_posix()}" for file in web.rglob("*") if file.is_file()}
    assert page == {name for name in names if name.startswith("vectorae/export/web/")} and len(page) > 20


def test_the_wheel_holds_the_package_and_its_commands_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [PurePosixPath(name) for name in archive.namelist()]
    assert {name.parts[0].partition("-")[0] for name in names} == {"vectorae"}
    assert {name.stem for name in names if name.parent == PurePosixPath("vectorae/conf")} == set(COMMANDS)
    assert {f"vectorae/commands/{name}.py" for name in COMMANDS} < {str(name) for name in names}


def test_the_source_distribution_has_what_its_scripts_import(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)], cwd=ROOT, check=True
    )
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name, folder in DEVELOPERS.items():
        modules = {file.relative_to(ROOT).as_posix() for file in (ROOT / folder).glob("*.py")}
        assert {f"scripts/{name}.py", f"conf/{name}.yaml", *modules} < names


@dataclass(frozen=True)
class Installed:
    """A wheel that is installed in a folder.

    Attributes:
        site: the folder.
        here: another, in which commands run.
    """

    site: Path
    here: Path

    def run(self, *command: str) -> str:
        """What a command of Python prints."""
        run = subprocess.run(
            [sys.executable, *command],
            cwd=self.here,
            env={**os.environ, "PYTHONPATH": str(self.site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def vectorae(self, *arguments: str) -> str:
        """What the command `vectorae` prints."""
        folder = self.site / ("bin" if (self.site / "bin").is_dir() else "Scripts")
        (script,) = folder.glob("vectorae*")
        return self.run(*([str(script)] if script.suffix != ".exe" else ["-m", "vectorae"]), *arguments)


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*install, str(wheel)], check=True)
    return target


@pytest.fixture
def installed(site: Path, tmp_path: Path) -> Installed:
    (tmp_path / "photos").mkdir()
    return Installed(site, tmp_path)


def test_an_installed_wheel_trains_from_any_folder(installed: Installed) -> None:
    here = installed.here
    for seed in range(40):
        picture(seed=seed).save(here / "photos" / f"{seed}.png")
    installed.vectorae("train", "dataset=folder", "dataset.root=photos", "encoder.width=4", *TINY)
    (folder,) = (here / "outputs" / "folder" / "shapes_4x4").iterdir()
    assert (folder / "metrics.json").is_file()
    assert str(installed.site / "vectorae" / "conf") in (folder / ".hydra" / "hydra.yaml").read_text(encoding="utf-8")


def test_a_project_of_one_file_needs_the_wheel_alone(installed: Installed) -> None:
    """An encoder, images and a shape of one's own: trained, resumed, exported, and drawn with."""
    here = installed.here
    (here / "own_project.py").write_text((ROOT / "examples" / "own_project.py").read_text("utf-8"), "utf-8")
    picture(seed=0).save(here / "photos" / "a.png")
    own, checkpoint = "plugins=[own_project]", "checkpoint=moons/checkpoints/last.ckpt"
    project = ["dataset._target_=own_project.Moons", "encoder._target_=own_project.Stages", "primitives.kinds=[moon]"]
    training = ["train", own, *project, "dataset.count=40", *TINY, "hydra.run.dir=moons"]
    resumed = [word if word != "trainer.max_steps=2" else "trainer.max_steps=3" for word in training]
    # Of all formats the one that needs no kernels, which would be compiled for a minute at this new place.
    export = ["export", own, checkpoint, "output=exported", "format=safetensors"]
    exported = "checkpoint=exported/model.safetensors"
    vectorize = ["vectorize", own, exported, "input=photos", "output=drawings", "device=cpu"]
    lines = [" ".join(words) for words in (training, [*resumed, "resume=auto"], export, vectorize)]
    assert "continues at step 2" in installed.run("-c", IN_TURN, *lines)
    assert (here / "drawings" / "a.svg").is_file()
