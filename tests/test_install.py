"""An install that is not editable: the wheel carries conf/ and the console command, and trains from any folder."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from helpers.image_folders import picture

from vectorae.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[1]

DEVELOPERS = {"benchmark": "benchmarks", "gallery": "docs/_gallery"}
"""Scripts that are no commands of the package, and where their code lies."""

TINY = [
    "dataset=folder",
    "dataset.root=photos",
    "dataset.image_size=32",
    "dataset.batch_size=8",
    "dataset.cache=cache",
    "encoder.width=4",
    "head.width=16",
    "trainer.accelerator=cpu",
    "trainer.max_steps=2",
    "trainer.val_check_interval=2",
    "rasterizer=reference",  # at another place the kernels would be compiled again, for toy faces too
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return path


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


def test_an_installed_wheel_trains_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*install, str(wheel)], check=True)
    (script,) = (target / "bin").glob("vectorae*") if (target / "bin").is_dir() else (target / "Scripts").glob("vec*")
    here = tmp_path / "anywhere"
    (here / "photos").mkdir(parents=True)
    for seed in range(40):
        picture(seed=seed).save(here / "photos" / f"{seed}.png")
    command = [str(script)] if script.suffix == ".exe" else [sys.executable, str(script)]
    run = subprocess.run(
        [*command, "train", *TINY],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    (folder,) = (here / "outputs" / "folder" / "shapes_4x4").iterdir()
    assert (folder / "metrics.json").is_file()
    assert str(target / "vectorae" / "conf") in (folder / ".hydra" / "hydra.yaml").read_text(encoding="utf-8")
