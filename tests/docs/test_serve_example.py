"""examples/serve.py: an image is posted, its SVG comes back."""

import importlib.util
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from helpers.image_folders import picture
from helpers.pages import ROOT

import vectorae


@pytest.fixture
def address(finished_run: Path) -> Iterator[str]:
    """Of a server that draws."""
    spec = importlib.util.spec_from_file_location("serve", ROOT / "examples" / "serve.py")
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    with example.server(vectorae.load(finished_run / "checkpoints" / "best.ckpt"), port=0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_it_draws_what_is_posted(address: str) -> None:
    file = io.BytesIO()
    picture((40, 20)).save(file, "PNG")
    with urlopen(Request(address, file.getvalue())) as response:
        assert response.headers["Content-Type"].startswith("image/svg+xml")
        reading = vectorae.read_svg(response.read())
    assert (reading.width, reading.height) == (40, 20) and reading.scene.count > 0


@pytest.mark.parametrize("content", [b"no image", b""])
def test_what_is_no_image_is_refused(address: str, content: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(address, content, method="POST"))
    assert caught.value.code == 400
