"""The demo of the site: where it can be had it is in its page, elsewhere one line says why not."""

import json
from pathlib import Path

import pytest
from helpers.pages import ROOT

from docs._site import demo
from vectorae.errors import UserError
from vectorae.export.site import INDEX, SITE, page


def test_the_page_shows_the_demo_that_was_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported, site = tmp_path / "exported", tmp_path / "site"
    (exported / "network").mkdir(parents=True)
    (exported / "model.onnx").write_bytes(b"network")
    (exported / INDEX).write_text("of an older page")
    runtime = {"wasm": {"script": "runtime/a.mjs", "binary": "runtime/a.wasm.gz"}}
    (exported / SITE).write_text(json.dumps({"runtime": runtime}))
    monkeypatch.setattr(demo, "_exported", lambda: exported)
    text = demo.with_demo((ROOT / "docs" / "demo.md").read_text(encoding="utf-8"))
    demo.write_demo(site)
    (frame,) = [line for line in text.splitlines() if line.startswith("<iframe")]
    assert f'src="{demo.FOLDER}/{INDEX}"' in frame
    shown = site / demo.FOLDER
    assert (shown / "model.onnx").read_bytes() == b"network"
    assert (shown / INDEX).read_bytes() == page()[INDEX]
    described = json.loads((shown / SITE).read_text())
    assert described["runtime"] == runtime and described["networks"] == ["model.onnx"]
    assert all((shown / example["file"]).is_file() for example in described["examples"])


def test_without_npm_the_page_says_so_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise UserError("runtime: npm is missing")

    monkeypatch.setattr(demo, "_exported", missing)
    text = demo.with_demo(f"# Try it\n\n{demo.PLACE}\n")
    assert text == "# Try it\n\n*This site was built without the demo: runtime: npm is missing.*\n"
    demo.write_demo(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert demo.with_demo("# Another page\n") == "# Another page\n"
