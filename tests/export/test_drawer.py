"""``draw.Drawer``: an exported model as a library, and the server of the docs."""

import importlib.util
import io
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from helpers.free_port import free_port
from helpers.image_folders import picture
from PIL import Image

DOCS = Path(__file__).parents[2] / "docs" / "drawing_server.md"

pytestmark = pytest.mark.parametrize("exported", ["mixed"], indirect=True)


@pytest.fixture
def module(exported: Path) -> Iterator[ModuleType]:
    """``import draw``, as another program does it."""
    spec = importlib.util.spec_from_file_location("draw", exported / "onnx" / "draw.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["draw"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["draw"]


@pytest.fixture
def drawer(module: ModuleType, exported: Path) -> Any:
    return module.Drawer(exported / "onnx", keep_hidden=True)


def content(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, format="png")
    return file.getvalue()


def untitled(svg: str) -> str:
    return re.sub(r"<title>.*</title>\n", "", svg)


def test_paths_bytes_files_pictures_and_arrays_are_drawn_alike(drawer: Any, tmp_path: Path) -> None:
    image = picture((30, 20), seed=3)
    image.save(tmp_path / "a.png")
    expected = drawer.svg(tmp_path / "a.png")
    assert "<title>a.png</title>" in expected and untitled(expected).startswith(
        '<svg xmlns="http://www.w3.org/2000/svg" '
    )
    pixels = np.asarray(image.convert("RGB"))
    alike = [content(image), bytearray(content(image)), memoryview(content(image)), io.BytesIO(content(image)), image]
    for one in (str(tmp_path / "a.png"), *alike, pixels, pixels / 255, (pixels / 255).astype(np.float32)):
        assert untitled(drawer.svg(one)) == untitled(expected)
    assert "<title>Tom &amp; Jerry</title>" in drawer.svg(pixels, title="Tom & Jerry")
    assert drawer.svg(pixels[..., 0]) == drawer.svg(pixels[..., [0, 0, 0]]) == drawer.svg(pixels[..., :1])


def numbers(svg: str) -> list[float]:
    return [float(one) for one in re.findall(r"-?\d+\.?\d*", re.sub(r"#[0-9a-f]{6}|gradient-\d+", "", svg))]


def test_a_batch_is_what_each_is_alone(drawer: Any, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    images = [content(picture((20 + seed, 20), seed)) for seed in range(5)]
    alone, together = [drawer.svg(image) for image in images], drawer.svgs(iter(images))
    assert len(together) == 5 and len(set(together)) == 5
    for one, other in zip(alone, together, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=0.0101)
    assert drawer.svgs([]) == []


def test_threads_share_a_drawer(drawer: Any) -> None:
    images = [content(picture((24, 24), seed)) for seed in range(4)]
    expected = [drawer.svg(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(drawer.svg, images * 4)) == expected * 4


def test_the_settings_are_those_of_the_command(module: ModuleType, exported: Path) -> None:
    model = exported / "onnx" / "model.onnx"
    image = content(picture((30, 20), seed=3))
    assert 'width="600" height="400"' in module.Drawer(model, width=600, threads=1).svg(image)
    assert 'width="15" height="10"' in module.Drawer(str(model), scale=0.5).svg(image)
    assert module.Drawer(model, invert=True).svg(image) != module.Drawer(model).svg(image)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": "12cm"}, "width: must be pixels (1200), millimetres (120mm), got '12cm'"),
        ({"scale": 0}, "scale: must be a number in (0, 1000], got 0"),
        ({"scale": 1, "width": 9}, "width: 9, and scale: 1; choose one of the two"),
        ({"resize": "fill"}, "resize: must be one of crop, pad, stretch, got 'fill'"),
        ({"background": "whit"}, "background: must be a colour such as white or '#ff8800', got 'whit'"),
        ({"max_pixels": 0}, "max_pixels: must be an integer ≥ 1, got 0"),
    ],
)
def test_wrong_settings_are_value_errors(
    module: ModuleType, exported: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        module.Drawer(exported / "onnx", **settings)


def test_what_is_no_setting_no_model_or_no_image_is_named(module: ModuleType, exported: Path, drawer: Any) -> None:
    with pytest.raises(TypeError, match=r"^widht: no such setting; choose from .* \(did you mean width\?\)$"):
        module.Drawer(exported / "onnx", widht=3)
    with pytest.raises(ValueError, match=r"^model: no file 'gone'; name the model\.onnx of an export$"):
        module.Drawer("gone")
    for image, error, message in (
        (3, TypeError, "image: int is no image; give a path, bytes, an array or an open file"),
        ("gone.png", ValueError, "image: no file 'gone.png'; name an image"),
        (b"no image", ValueError, "image cannot be read (cannot identify image file"),
        (
            np.zeros((4, 4, 5), np.uint8),
            ValueError,
            "image: an array [H, W] or [H, W, C] with 1 to 4 channels is needed",
        ),
        (np.zeros((4, 4), np.int32), TypeError, "image: pixels are uint8, or floats in [0, 1]; these are int32"),
        (np.full((4, 4), np.nan), ValueError, "image: floats are pixels in [0, 1], and some of these are not"),
    ):
        with pytest.raises(error, match=rf"^{re.escape(message)}"):
            drawer.svg(image)
    with pytest.raises(ValueError, match=r"^images\[1\] cannot be read"):
        drawer.svgs([np.zeros((4, 4), np.uint8), b"no image"])
    with pytest.raises(TypeError, match=r"^images: a list is needed"):
        drawer.svgs(b"one image")
    small = module.Drawer(exported / "onnx", max_pixels=100)
    with pytest.raises(ValueError, match=r"^image has 20×20 pixels, more than the 100 that are allowed"):
        small.svg(content(picture((20, 20))))


def test_the_server_of_the_docs_serves(exported: Path, module: ModuleType, tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8")
    (program,) = (one for one in re.findall(r"```python\n(.*?)```", text, re.S) if "serve_forever" in one)
    shutil.copy(exported / "onnx" / "draw.py", tmp_path)
    script = tmp_path / "serve.py"
    script.write_text(program, encoding="utf-8")
    port = free_port()
    server = subprocess.Popen([sys.executable, script, exported / "onnx", str(port)], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        image = content(picture((30, 20), seed=3))
        expected = module.Drawer(exported / "onnx").svg(image)
        answer = posted(address, image)
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert numbers(answer.read().decode()) == pytest.approx(numbers(expected), abs=0.0101)
        with pytest.raises(urllib.error.HTTPError) as refused:
            posted(address, b"no image")
        assert refused.value.code == 400
        assert refused.value.read().decode().startswith("image cannot be read (cannot identify image file")
    finally:
        server.terminate()
        server.wait(10)


def posted(address: str, image: bytes) -> Any:
    """The answer of a server that may not be up yet."""
    for _ in range(300):
        try:
            return urllib.request.urlopen(address, image, timeout=30)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")
