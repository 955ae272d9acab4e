"""The page of ``format=web`` in a headless Chromium: it draws what ``draw.py`` draws, and all that is on it works."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from helpers.browser import chromium, served
from helpers.commands import Outcome
from helpers.documents import numbers
from helpers.image_folders import picture
from PIL import Image

import vectorae
from vectorae.errors import UserError
from vectorae.export.export import ALL
from vectorae.export.onnxruntime_web import copied
from vectorae.export.site import FIRST, write_first, write_page

SIDE = 16
"""Pixels of the drawings of the models here."""

Page = Any
Draw = Callable[..., Outcome]


@pytest.fixture(scope="module")
def site(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a page, with the ONNX file of an export."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(exported / "onnx", folder, dirs_exist_ok=True)
    return with_page(folder, channels=1 if exported.name.endswith("ink") else 3)


def with_page(folder: Path, channels: int) -> Path:
    """A folder with networks, to which the page is added."""
    try:
        runtime = copied(folder)
    except UserError as error:
        pytest.skip(str(error))
    write_page(folder, runtime, channels)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def open_page(browser: Any, address: str) -> Iterator[Page]:
    """The page; whatever it complains of, or asks of others, is an error at the end of this module."""
    allowed = ["clipboard-read", "clipboard-write", "camera"]
    viewport = {"width": 1280, "height": 1400}
    context = browser.new_context(reduced_motion="reduce", permissions=allowed, viewport=viewport)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    requests: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(address)
    yield opened
    context.close()
    assert not complaints
    assert all(url.startswith((address, f"blob:{address}")) for url in requests)


@pytest.fixture
def page(open_page: Page) -> Page:
    """The page when it has drawn its first example."""
    forget_drawing(open_page)
    open_page.locator("#examples button").first.click()
    wait_for_drawing(open_page)
    return open_page


def forget_drawing(page: Page) -> None:
    """Take away what the page says of a drawing, so that the next one can be waited for."""
    page.evaluate("document.getElementById('message').textContent = ''")


def wait_for_drawing(page: Page) -> None:
    page.locator("#message", has_text="Drawn with").wait_for()


def give(page: Page, path: Path) -> None:
    """Choose an image file, and wait until it is drawn."""
    forget_drawing(page)
    page.set_input_files("#file", path)
    wait_for_drawing(page)


def saved_by(page: Page, button: str) -> bytes:
    """The file that a button saves."""
    with page.expect_download() as download:
        page.click(button)
    return Path(download.value.path()).read_bytes()


def images(folder: Path) -> list[Path]:
    """Square, wide and tall images, tiny and large ones, one with transparency, one with a palette."""
    for name, size in {"wide": (300, 200), "tall": (37, 91), "tiny": (9, 7), "large": (700, 700)}.items():
        picture(size, seed=len(name)).save(folder / f"{name}.png")
    fading = np.array(picture((120, 90), seed=1).convert("RGBA"))
    fading[..., 3] = np.linspace(0, 255, 120).astype(np.uint8)
    Image.fromarray(fading).save(folder / "fading.png")
    picture((64, 64), seed=2).convert("P").save(folder / "palette.gif")
    return sorted(folder.iterdir())


def drawn_alone(draw: Draw, site: Path, image: Path, *settings: str) -> str:
    """What ``draw.py`` draws."""
    output = image.with_suffix(".svg")
    assert draw(site / "model.onnx", image, output, "--overwrite", *settings)[0] == 0
    return output.read_text()


def check_drawings(page: Page, draw: Draw, site: Path, images: list[Path]) -> None:
    """The page's drawings are those of ``draw.py``."""
    for image in images:
        give(page, image)
        drawn, alone = numbers(saved_by(page, "#svg").decode()), numbers(drawn_alone(draw, site, image))
        assert drawn[0] == alone[0]
        # Coordinates have two decimals, each rounded for itself.
        assert drawn[1] == pytest.approx(alone[1], abs=1e-3 * SIDE), image.name


def test_it_draws_what_the_program_draws(page: Page, draw: Draw, site: Path, tmp_path: Path) -> None:
    check_drawings(page, draw, site, images(tmp_path))


def test_it_sees_the_image_as_it_is_told_to(page: Page, draw: Draw, site: Path, tmp_path: Path) -> None:
    picture((30, 20), seed=3).save(image := tmp_path / "a <b>.png")
    give(page, image)
    page.check("#invert")
    for resize in ("crop", "stretch", "pad"):
        page.evaluate("document.getElementById('message').textContent = ''")
        page.select_option("#resize", resize)
        wait_for_drawing(page)
        drawn = numbers(saved_by(page, "#svg").decode())
        alone = numbers(drawn_alone(draw, site, image, "--resize", resize, "--invert"))
        assert drawn[0] == alone[0]
        assert drawn[1] == pytest.approx(alone[1], abs=1e-3 * SIDE), resize
    page.uncheck("#invert")


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
def test_shapes_travel_and_layers_hide(page: Page) -> None:
    whole = saved_by(page, "#svg").decode()
    page.focus("#time")
    page.keyboard.press("Home")
    assert page.get_attribute("#time", "aria-valuetext") == "starting arrangement"
    start = saved_by(page, "#svg").decode()
    assert start != whole
    page.click("#play")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.wait_for_timeout(150)
    page.click("#play")
    assert 0 < int(page.input_value("#time")) < 1000
    assert saved_by(page, "#svg").decode() not in (start, whole)
    page.focus("#time")
    page.keyboard.press("End")
    assert saved_by(page, "#svg").decode() == whole
    page.uncheck("#layers input >> nth=1")
    fewer = saved_by(page, "#svg").decode()
    assert len(fewer) < len(whole)
    page.check("#layers input >> nth=1")
    assert saved_by(page, "#svg").decode() == whole


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
def test_shapes_are_looked_at_by_pointer_and_by_keys(page: Page) -> None:
    shapes = page.locator("[role=option]")
    shapes.last.dispatch_event("pointerover")
    pointed = page.inner_text("#shape")
    assert "centre" in pointed and "opacity" in pointed
    assert page.locator(".highlight > g").count() == 4
    page.locator(".stage").dispatch_event("pointerleave")
    assert page.locator("#shape").is_hidden()
    page.locator("[role=option][tabindex='0']").focus()
    for key in ("End", "ArrowRight", "ArrowUp"):  # from the last to the first, and back
        page.keyboard.press(key)
    assert page.inner_text("#shape") == pointed
    selected = page.locator("[role=option][aria-selected=true]")
    assert selected.count() == 1 and selected.get_attribute("aria-label")
    page.keyboard.press("Escape")
    assert page.locator("#shape").is_hidden()


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
def test_drawings_leave_as_files_and_as_text(page: Page, tmp_path: Path) -> None:
    svg = saved_by(page, "#svg").decode()
    (tmp_path / "a.png").write_bytes(saved_by(page, "#png"))
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (1024, 1024)
        assert np.ptp(np.asarray(image.convert("L"))) > 0
    page.click("#copy")
    page.locator("#message", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == svg
    assert ElementTree.fromstring(svg).find("{*}title") is not None


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
def test_images_come_from_everywhere(page: Page, tmp_path: Path) -> None:
    def drawn_by(action: Any) -> str:
        page.evaluate("document.getElementById('message').textContent = ''")
        action()
        wait_for_drawing(page)
        return saved_by(page, "#svg").decode()

    examples = [drawn_by(page.locator("#examples button").nth(index).click) for index in (1, 2)]
    with page.expect_file_chooser() as chooser:
        page.click("#pick")
    picture((40, 40), seed=9).save(path := tmp_path / "picked.png")
    picked = drawn_by(lambda: chooser.value.set_files(path))
    content = list(path.read_bytes())
    dropped = drawn_by(lambda: page.evaluate(DROP, [content, "drop"]))
    pasted = drawn_by(lambda: page.evaluate(DROP, [content, "paste"]))
    assert numbers(picked) == numbers(dropped) == numbers(pasted) and len({*examples, picked}) == 3
    page.evaluate(TO_CLIPBOARD)
    assert drawn_by(lambda: page.click("#paste")) == drawn_by(lambda: page.click("#paste"))
    page.click("#camera")
    page.click("#shoot")
    page.locator("#picture[alt='camera.png']").wait_for()
    assert page.evaluate("document.activeElement.id") == "camera"
    wait_for_drawing(page)


DROP = """([content, name]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(content)], 'picked.png', { type: 'image/png' }));
  const about = { dataTransfer: files, clipboardData: files, bubbles: true };
  dispatchEvent(name === 'drop' ? new DragEvent('drop', about) : new ClipboardEvent('paste', about));
}"""

TO_CLIPBOARD = """async () => {
  const canvas = new OffscreenCanvas(20, 20);
  canvas.getContext('2d').fillRect(0, 0, 10, 20);
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': await canvas.convertToBlob() })]);
}"""


def test_a_sketch_is_drawn_as_it_grows(page: Page) -> None:
    page.click("#sketch")
    page.wait_for_timeout(200)
    blank = saved_by(page, "#svg").decode()
    area = page.locator("#canvas").bounding_box()
    page.mouse.move(area["x"] + 50, area["y"] + 50)
    page.mouse.down()
    page.mouse.move(area["x"] + 200, area["y"] + 250, steps=4)
    page.mouse.up()
    page.wait_for_timeout(200)
    stroke = saved_by(page, "#svg").decode()
    page.locator("#inks input").nth(1).check()
    page.focus("#canvas")
    for key in (" ", *["ArrowUp"] * 12, " ", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    keys = saved_by(page, "#svg").decode()
    assert len({blank, stroke, keys}) == 3
    page.click("#clear")
    page.wait_for_timeout(200)
    assert numbers(saved_by(page, "#svg").decode()) == numbers(blank)
    page.click("#sketch")
    assert page.locator("#sketch-tools").is_hidden()


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
def test_what_is_no_image_is_said(page: Page, tmp_path: Path) -> None:
    (path := tmp_path / "notes.txt").write_text("no image")
    page.set_input_files("#file", path)
    page.locator("#message.bad", has_text="“notes.txt” is no image that this browser can read.").wait_for()
    page.locator("#examples button").first.click()
    wait_for_drawing(page)


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("delete globalThis.WebAssembly", "This browser cannot run the network: it has no WebAssembly"),
        ("", r"The network could not be loaded \(.*404"),
    ],
    ids=["no WebAssembly", "no model"],
)
def test_a_network_that_cannot_run_is_said(browser: Any, site: Path, trouble: str, message: str) -> None:
    model, other = site / "model.onnx", site / "model.away"
    model.rename(other)
    try:
        with served(site) as url:
            opened = browser.new_page()
            opened.add_init_script(trouble)
            opened.goto(url)
            opened.locator("#message.bad").wait_for()
            assert re.search(message, opened.inner_text("#message"))
            opened.close()
    finally:
        other.rename(model)


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["wide", "phone"])
def test_it_fits_into_windows(browser: Any, address: str, size: tuple[int, int]) -> None:
    """Nothing is cut off, and everything that can be used has a name and can be reached by the keyboard."""
    opened = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    opened.goto(address)
    wait_for_drawing(opened)
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.evaluate(NAMELESS) == []
    reached = set()
    for _ in range(40):
        opened.keyboard.press("Tab")
        reached.add(opened.evaluate("document.activeElement.id || document.activeElement.getAttribute('role') || ''"))
    assert {"pick", "camera", "sketch", "play", "time", "svg", "png", "copy", "option", "resize", "invert"} <= reached
    # The list is reached by its items alone.
    assert "listbox" not in reached
    opened.close()


NAMELESS = """() => [...document.querySelectorAll('button, input, select, canvas, video')]
  .filter((one) => !(one.getAttribute('aria-label') || one.innerText || one.labels?.length || one.title))
  .map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def corrected_site(both_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a page whose network corrects its drawings."""
    folder = tmp_path_factory.mktemp("corrected_site")
    shutil.copytree(both_exports / "onnx", folder, dirs_exist_ok=True)
    write_first(vectorae.load(both_exports / "model.ckpt"), folder / FIRST, ALL)
    return with_page(folder, channels=3)


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
def test_corrections_draw_what_the_program_draws(
    browser: Any, draw: Draw, corrected_site: Path, tmp_path: Path
) -> None:
    """As soon as they are loaded; until then the encoder draws alone."""
    with served(corrected_site) as url:
        opened = browser.new_page(reduced_motion="reduce")
        opened.goto(url)
        opened.locator("#message", has_text="Corrections are being loaded").wait_for()
        opened.locator("#message", has_text=re.compile(r"PSNR [\d.]+ dB\.$")).wait_for()
        check_drawings(opened, draw, corrected_site, images(tmp_path))
        opened.close()
