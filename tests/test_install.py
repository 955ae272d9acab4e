"""An install that is not editable: the wheel carries conf/ and the console command, and trains from any folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

TINY = [
    "dataset.train_count=32",
    "dataset.val_count=16",
    "dataset.test_count=16",
    "dataset.image_size=32",
    "dataset.batch_size=8",
    "dataset.cache=cache",
    "encoder.width=4",
    "head.width=16",
    "trainer.accelerator=cpu",
    "trainer.max_steps=2",
    "trainer.val_check_interval=2",
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
    for file in (ROOT / "conf").rglob("*.yaml"):
        assert f"vectorae/conf/{file.relative_to(ROOT / 'conf').as_posix()}" in names
    assert "vectorae = vectorae.commands:main" in scripts
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_an_installed_wheel_trains_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*install, str(wheel)], check=True)
    (script,) = (target / "bin").glob("vectorae*") if (target / "bin").is_dir() else (target / "Scripts").glob("vec*")
    here = tmp_path / "anywhere"
    here.mkdir()
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
    (folder,) = (here / "outputs" / "toy_faces" / "shapes_4x4").iterdir()
    assert (folder / "metrics.json").is_file()
    assert str(target / "vectorae" / "conf") in (folder / ".hydra" / "hydra.yaml").read_text(encoding="utf-8")
