"""SVG by anyone: drawn as resvg draws it, or named, or refused in one line, in any encoding, whatever it is."""

import contextlib
import gzip
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path as FilePath

import pytest
import torch
from helpers.renderer import rendered
from helpers.scenes import leaves_of

from vectorae import Path, RoundedBox, Scene, UserError, from_svg, rasterize
from vectorae.errors import shortened
from vectorae.svg import read_svg, usvg
from vectorae.svg.usvg import program_bytes

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100" viewBox="0 0 100 100">'
FRAME = '<rect width="100" height="100" fill="white"/>'


def document(inside: str, head: str = HEAD) -> str:
    return f"{head}{FRAME}{inside}</svg>"


def is_finite(scene: Scene) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in leaves_of(scene)[1])


def assert_agrees(text: str, other: str | None = None) -> None:
    """A document is drawn as resvg shows it, or another: on average to 1/255, and hardly anywhere off by a fifth."""
    ours = rasterize(from_svg(text), 100, 100, coverage="ramp")[0]
    difference = (ours - rendered(other or text, zoom=8, paper="white")).abs()
    assert difference.mean() < 1 / 255
    assert (difference.amax(0) > 0.2).float().mean() < 2e-3


OTHERS = FilePath(__file__).parent / "others"


@pytest.mark.parametrize("name", sorted(path.name for path in OTHERS.glob("*.svg")))
def test_it_is_drawn_as_by_resvg(name: str) -> None:
    assert_agrees((OTHERS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("modern", "older"),
    [
        ('<circle r="50" fill="rgb(255 0 0 / 30%)"/>', '<circle r="50" fill="#ff00004d"/>'),
        ('<circle r="50" fill="hsl(120deg 50% 50%)"/>', '<circle r="50" fill="#40bf40"/>'),
        ('<circle r="50" color="teal" style="fill:CurrentColor"/>', '<circle r="50" fill="teal"/>'),
        (
            '<rect width="50" height="9" style="transform:rotate(20deg)"/>',
            '<rect width="50" height="9" transform="rotate(20)"/>',
        ),
        ('<defs><circle id="a" r="50"/></defs><use xlink:href="#a"/>', '<circle r="50"/>'),
    ],
)
def test_what_browsers_know_and_resvg_does_not(modern: str, older: str) -> None:
    assert_agrees(document(modern), document(older))


def test_a_gradient_that_begins_with_a_circle() -> None:
    """Its colours along a line through both centres: at x the circle of centre .4 + .1t and radius .1 + .4t ends."""
    text = document(
        '<radialGradient id="r" fr="10%" fx=".4"><stop stop-color="white"/><stop offset="1"/></radialGradient>'
        '<rect width="100" height="100" fill="url(#r)"/>'
    )
    row = rasterize(from_svg(text), 100, 100, coverage="ramp")[0, 0, 50]
    place = (torch.arange(100) + 0.5) / 100
    right, left = (place - 0.5) / 0.5, (0.3 - place) / 0.3
    torch.testing.assert_close(row, 1 - torch.maximum(right, left).clamp(0, 1), atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ('<mask id="m"><circle r="3"/></mask><g mask="url(#m)">{disc}{disc}</g>', '<circle id="d"> with a mask'),
        (
            '<pattern id="p" width="1" height="1"><rect width="1" height="1"/></pattern>'
            '<rect id="r" width="5" height="5" fill="url(#p)"/>{disc}',
            '<rect id="r"> with a pattern',
        ),
        ('{disc}<circle id="e" r="3" filter="blur(2)"/>', '<circle id="e"> with a filter'),
        (
            '{disc}<circle id="e" r="3" style="mix-blend-mode:multiply"/>',
            '<circle id="e"> with mix-blend-mode multiply',
        ),
        ('{disc}<circle id="e" r="3" style="mix-blend-mode:screen"/>', '<circle id="e"> with mix-blend-mode screen'),
        ('<defs><text>a</text></defs><text/>{disc}<text id="t">a</text><text id="t">b</text>', '2 × <text id="t">'),
        (
            '<g display="none"><text>a</text></g>{disc}<defs><g id="u"><text>a</text></g></defs><use href="#u"/>',
            "<text>",
        ),
        ('<image href="https://example.org/a.png" width="9" height="9"/>{disc}', "<image>"),
        ('<use id="u" href="others.svg#a"/>{disc}', '<use id="u">'),
        ('<defs><text id="t">a</text></defs><use href="#t"/>{disc}', '<text id="t">'),
        (
            '<clipPath id="c"><text>a</text></clipPath><rect width="9" height="9" clip-path="url(#c)"/>',
            "<text> in a clip path",
        ),
        ('<rect width="9" height="9" style="transform-box:fill-box"/>{disc}', "transform-box"),
        ('<text id="a&amp;b">a</text>{disc}', '<text id="a&b">'),
        (
            '{disc}<g opacity=".5"><circle r="3" style="mix-blend-mode:screen"/><circle r="9"/></g>',
            "<g> with mix-blend-mode screen",
        ),
        (
            '<foreignObject width="9" height="9"><p xmlns="http://www.w3.org/1999/xhtml">a</p></foreignObject>',
            "<foreignObject>",
        ),
        ('<circle r="2" fill="oklch(0.5 0.2 30)"/>', "fill 'oklch(0.5 0.2 30)'"),
        ("<style>circle:not(.a) { fill: red }</style>{disc}", ":not in a style sheet"),
        ('<style>@import url("a.css");</style>{disc}', "@import in a style sheet"),
        ('<path d="M0 0H9" stroke="red" stroke-dasharray=".001"/>', "<path> with more than 1024 dashes"),
        (
            '<radialGradient id="g" gradientUnits="userSpaceOnUse" cx="50%" cy="5" r="3" fr="1"><stop/>'
            '<stop offset="1" stop-color="#ff0000"/></radialGradient><circle r="3" fill="url(#g)"/>',
            '<radialGradient id="g"> with fr',
        ),
    ],
)
def test_what_no_shape_can_show_is_named_once(inside: str, message: str) -> None:
    disc = '<circle id="d" cx="5" cy="5" r="3" fill="red"/>'
    with pytest.raises(UserError) as caught:
        from_svg(document(inside.replace("{disc}", disc)))
    assert str(caught.value) == f"svg: cannot be drawn with shapes: {message}"


def test_what_is_left_out_is_named_and_the_rest_is_there() -> None:
    inside = '<text x="1">a</text><circle cx="1" cy="1" r="1" fill="red"/><text>b</text><image href="a.png"/>'
    reading = read_svg(document(inside))
    assert (reading.scene.count, reading.skipped) == (1, {"<text>": 2, "<image>": 1})
    assert reading.scene.color.tolist() == [[[1.0, 0.0, 0.0]]]
    assert (reading.width, reading.height, reading.paints_background) == (100, 100, True)


def test_kinds_stay_what_they_are() -> None:
    text = document(
        '<g transform="rotate(30) scale(2)"><circle cx="20" cy="9" r="300"/><ellipse cx="20" cy="9" rx="5" ry="3"/>'
        '<rect x="9" y="9" width="9" height="5"/><rect x="9" y="9" width="9" height="4" rx="1.8" ry=".8"/></g>'
        '<circle r="9" transform="skewX(30)"/><line x2="9" y2="9" stroke="red"/><polygon points="1 1 5 1 9 5"/>'
        '<polyline points="1 1 5 1 9 5" stroke="red" fill="none"/>'
    )
    scene = from_svg(text)
    kinds = {slot: group.outline for group in scene.groups for slot in group.slots}
    assert [isinstance(kinds[slot], RoundedBox) for slot in range(8)] == [True] * 5 + [False] * 3
    assert bool(kinds[0].is_circle.all()) and not bool(kinds[4].is_circle.any())
    straight = [kinds[slot] for slot in (5, 6, 7)]
    assert [(one.degree, one.closed, one.points.shape[2]) for one in straight if isinstance(one, Path)] == [
        (1, False, 2),
        (1, True, 3),
        (1, False, 3),
    ]
    found = [
        float(one)
        for group in scene.groups
        if hasattr(group.outline, "roundness")
        for one in group.outline.roundness[0]
    ]
    assert sorted(found) == pytest.approx([0, 0.4, 1, 1, 1], abs=1e-3)


def test_what_lies_under_an_opaque_copy_of_itself_is_left_out() -> None:
    """It would shine through at the edges, which it does not where they are sharp."""
    box = '<path d="M20 20.5h50v50z" fill="{}" fill-opacity="{}"/>'
    text = document(box.format("red", 1) + box.format("green", 1) + box.format("gold", 0.5))
    scene = from_svg(text)
    assert scene.count == 2 and from_svg(text, keep_hidden=True).count == 3
    assert_agrees(text, document(box.format("green", 1) + box.format("gold", 0.5)))
    clear = document(box.format("red", 1) + box.format("green", 0.9))
    assert from_svg(clear).count == 2


def test_layers_are_the_ids_of_groups() -> None:
    shapes = '<circle id="b" r="2" opacity=".5"/><g><rect width="3" height="3"/></g>'
    inside = f'<g id="a">{shapes}</g><line x2="9" stroke="red"/>'
    assert read_svg(document(inside)).layers == ["a", "a", None]


def test_a_circle_and_a_square_are_read_from_bytes_and_files_in_any_encoding(tmp_path: FilePath) -> None:
    entities = "<!ENTITY ns_svg 'http://www.w3.org/2000/svg'><!ENTITY é 'teal'>"
    head = HEAD.replace("http://www.w3.org/2000/svg", "&ns_svg;")
    text = f'<!DOCTYPE svg [{entities}]>{head}<g id="häuser"><circle r="50" fill="&é;"/></g></svg>'
    expected = rasterize(from_svg(text), 20, 20)
    encoded = {
        "utf-8": text.encode(),
        "utf-8 with its mark": text.encode("utf-8-sig"),
        "utf-16": text.encode("utf-16"),
        "utf-16 without a mark": text.encode("utf-16-be"),
        "latin-1": b'<?xml version="1.0" encoding="ISO-8859-1"?>' + text.encode("latin-1"),
        "latin-1 without a word": text.encode("latin-1"),
        "another declaration in a text": ('<?xml version="1.0" encoding="utf-16"?>' + text).encode("utf-16"),
        "compressed": gzip.compress(text.encode()),
    }
    for name, content in encoded.items():
        path = tmp_path / "a drawing.svg"
        path.write_bytes(content)
        for given in (content, path, str(path)):
            reading = read_svg(given)
            assert torch.equal(rasterize(reading.scene, 20, 20), expected), name
            assert reading.layers == ["häuser"], name
    assert read_svg("  <?xml version='1.0' encoding='utf-16'?>" + text).layers == ["häuser"]


@pytest.mark.parametrize(
    ("head", "size"),
    [
        ('<svg xmlns="http://www.w3.org/2000/svg" width="50mm" height="1in">', (50 / 25.4 * 96, 96)),
        ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-5 -5 20 10">', (20, 10)),
        ('<svg width="40" height="30">', (40, 30)),
        ('<svg xmlns="http://www.w3.org/2000/svg">', (100, 100)),
    ],
)
def test_sizes_of_documents(head: str, size: tuple[float, float]) -> None:
    reading = read_svg(f'{head}<rect width="100" height="100"/></svg>')
    assert (reading.width, reading.height) == pytest.approx(size, rel=1e-4)


BOMB = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 8))
CLIPS = "".join(
    f'<clipPath id="c{n}" clip-path="url(#c{n + 1})"><path d="M0 0h9v9z" clip-path="url(#c{n + 1})"/></clipPath>'
    for n in range(22)
)
SAY_SO = {
    "": "it is no SVG",
    "<svg": "not well-formed",
    "<html/>": "the root is <html>, not <svg>",
    "missing.svg": "'missing.svg': No such file or directory",
    HEAD + "<g>" * 300 + "</g>" * 300 + "</svg>": "its elements are nested more than 200 deep",
    '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="9"/>': "invalid size",
    "<svg>\ud800</svg>": "not well-formed",
    f'{HEAD}<g id="a0"><path d="M0 0h1v1z"/></g>{BOMB}</svg>': "",
    "<!DOCTYPE a [" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 9}'>" for n in range(9)) + "]><svg>&a9;</svg>": "",
    HEAD + '<path d="M0 0h1v1z"/>' * 10_001 + "</svg>": "more than 10000 shapes",
    HEAD + "<g/>" * 60_000 + "</svg>": "more than 60000 elements",
    HEAD + CLIPS + "<rect width='9' height='9' clip-path='url(#c0)'/></svg>": "clip paths of more than 20000 outlines",
}


@pytest.mark.parametrize("text", SAY_SO, ids=lambda text: re.sub(r"[^\w <>]", "", text)[:24])
def test_what_is_no_drawing_is_refused_in_one_line(text: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(UserError, match=r"^svg: .*") as caught:
        from_svg(text)
    assert SAY_SO[text] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - begin < 20  # for a machine that does much else; two seconds by itself


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b\x08damaged", "it is compressed, and damaged"),
        (gzip.compress(b"<svg></svg>" * 99, mtime=0)[:-12], "it is compressed, and its end is missing"),
        (b'<?xml version="1.0" encoding="hex"?><svg/>', "its text is not in hex, as it says"),
        (b'<?xml version="1.0" encoding="nothing"?><svg/>', "its text is not in nothing, as it says"),
    ],
)
def test_damaged_files_are_refused_in_one_line(content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_svg(content)


def test_shapes_that_are_screened_without_a_background_are_seen() -> None:
    text = HEAD + '<circle cx="40" cy="60" r="30" fill="#a33" style="mix-blend-mode:screen"/></svg>'
    scene = from_svg(text)
    assert (scene.compositing, scene.background) == ("soft_or", None)
    drawn = rasterize(scene, 100, 100, coverage="ramp", alpha=True)[0]
    torch.testing.assert_close(drawn[:, 60, 40], torch.tensor([0xAA, 0x33, 0x33, 0xFF]) / 255)


@pytest.mark.parametrize(
    "inside",
    [
        '<circle cx="50" cy="50" r="40" {0} stroke-dasharray="60 300" transform="rotate(-90 50 50)"/>',
        '<circle cx="50" cy="50" r="30" {0} stroke-dasharray="60 300" transform="matrix(0 1 1 0 0 0)"/>',
        '<ellipse cx="50" cy="50" rx="40" ry="20" {0} stroke-dasharray="30 9 2 9" transform="rotate(30 50 50)"/>',
        '<rect x="-90" y="20" width="70" height="50" rx="9" {0} stroke-dasharray="40 12" transform="scale(-1 1)"/>',
        '<path d="M50 50h0z" {0} stroke-linecap="square"/><path d="M20 20z" {0} stroke-linecap="round"/>',
        '<path d="M50 50h0" {0} stroke-linecap="square" transform="rotate(30 50 50)"/>',
    ],
)
def test_dashes_and_dots_begin_and_lie_where_they_do_in_svg(inside: str) -> None:
    assert_agrees(document(inside.format('fill="none" stroke="red" stroke-width="8"')))


def test_gradients_that_take_from_each_other_keep_their_circles() -> None:
    stops = '<stop stop-color="white"/><stop offset="1"/>'
    own = '<radialGradient id="g" href="#h" fx="60"/><circle cx="50" cy="50" r="50" fill="url(#g)"/>'
    of_other = (
        f'<radialGradient id="h" gradientUnits="userSpaceOnUse" cx="50" cy="50" r="40" fr="20">{stops}</radialGradient>'
    )
    alone = of_other.replace('id="h"', 'id="g" fx="60"') + '<circle cx="50" cy="50" r="50" fill="url(#g)"/>'
    one, other = (rasterize(from_svg(document(each)), 50, 50, coverage="ramp") for each in (of_other + own, alone))
    torch.testing.assert_close(one, other)


def test_ids_of_any_letters_lead_to_what_they_name() -> None:
    inside = (
        '<linearGradient id="a&amp;&lt;b"><stop stop-color="red"/><stop offset="1" stop-color="red"/></linearGradient>'
        '<g id="x)&amp;"><rect id="&lt;" width="50" height="50" fill="url(#a&amp;&lt;b)"/></g><use href="#&lt;"/>'
    )
    reading = read_svg(document(inside))
    assert (reading.layers, reading.skipped) == (["x)&", None], {})
    assert reading.scene.color.tolist() == [[[1.0, 0.0, 0.0]] * 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_forked_process_reads_too() -> None:
    text = document("<circle r='9'/>")
    program = (
        f"import os\nfrom vectorae.svg import read_svg\ntext = {text!r}\nread_svg(text)\nchild = os.fork()\n"
        "if child == 0:\n    os._exit(read_svg(text).scene.count)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (ended.stdout.strip(), ended.stderr) == ("1", "")


def test_no_room_for_temporary_files_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"^svg: temporary files cannot be written \(.*\); set TMPDIR$"):
        from_svg(document(""))


HOSTILE = {
    "blanks": f"<title>{' ' * 100_000}</title>",
    "declarations": f"<title><![CDATA[{'<?xml' * 50_000}]]></title>",
    "prefixes": "".join(f"<p{number}:a/>" for number in range(20_000)),
    "dashes under uneven scale": '<path d="M0 0h99" stroke="red" stroke-dasharray=".1" transform="scale(2 1)"/>' * 100,
    "curves under uneven scale": f'<path d="M0 0{"c9 9 5 0 1 3" * 9_000}" stroke="red" transform="scale(2 1)"/>',
    "many dashes": f'<path d="M0 0h99" stroke="red" stroke-dasharray="{"9 " * 100_000}"/>',
    "nothing in groups": '<g opacity="0">' + "<circle r='1'/>" * 9_000 + "</g>",
    "gradients of gradients": "".join(f'<radialGradient id="g{n}" href="#g{n + 1}"/>' for n in range(3_000)),
    "the mark of what is left out": '<path d="M5 -54321.125h1v1z"/><path d="M-1 -54321.125h1v1z"/>',
    "a rule of letters": f"<style>{'a' * 100_000}</style>",
    "digits": f'<rect width="9" height="9" fill="rgb({"1" * 50_000}"/>',
    "a number": f'<polygon points="{"1" * 100_000}"/>',
    "scales": f'<rect width="9" height="9" transform="{"scale(" * 20_000}"/>',
    "opacity": '<g opacity="abc"><rect width="9" height="9"/></g><g opacity="-1"><rect width="9" height="9"/></g>',
    "no beginning": '<path d="z"/><path d="S 1 1 2 2 T rgb(1,2) 3"/><path d="M0 0 A 1e300 1e300 30 0 1 9 9"/>',
    "far away": '<path d="M1e39 1 L 2e39 3 4 1e39z"/><circle cx="1e39" cy="1e300" r="1e39"/>',
    "wide": '<path d="M0 0h9" stroke="red" stroke-width="1e308%"/>',
    "matrix": '<ellipse rx="9" ry="3" transform="matrix(1e308 1e308 -1e308 1e300 0 0)"/>',
    "itself": '<g id="a"><use href="#a"/></g><use href="#a"/>',
    "a path": f'<path d="M0 0{"L1 1 2 0" * 20_000}z"/>',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("view", ["0 0 100 100", "0 0 1e-320 1e-320", "0 0 1e308 1e308"])
def test_scenes_are_finite_whatever_the_document(name: str, view: str) -> None:
    with contextlib.suppress(UserError):
        assert is_finite(read_svg(document(HOSTILE[name], HEAD.replace("0 0 100 100", view))).scene)


def test_endless_documents_end(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = "".join(f".a{number} > .b{number}{{fill:red}}" for number in range(15_000))
    shapes = "".join(f'<g class="a{number}"><circle class="b{number}" r="1"/></g>' for number in range(6_000))
    monkeypatch.setattr(usvg, "SECONDS", 0.3)
    with pytest.raises(UserError, match=r"^svg: it takes longer than 0.3 seconds to resolve$"):
        read_svg(document(f"<style>{rules}</style>{shapes}"))


def test_nothing_but_the_document_is_read(tmp_path: FilePath) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text(document('<circle id="a" r="50" fill="red"/>'))
    text = document(
        f'<image href="{secret}" width="50" height="50"/><image href="{secret.as_uri()}" width="50" height="50"/>'
        f'<use href="{secret.as_uri()}#a"/><circle r="9" fill="url({secret.as_uri()}#a)"/>'
    )
    external = f'<!DOCTYPE svg [<!ENTITY secret SYSTEM "{secret.as_uri()}">]>'
    with pytest.raises(UserError, match="undefined entity &secret;"):
        read_svg(external + text.replace("</svg>", "&secret;</svg>"))
    reading = read_svg(external + text)
    assert reading.skipped == {"<image>": 2, "<use>": 1, f"fill '{shortened(f'url({secret.as_uri()}#a)')}'": 1}


def test_several_threads_read_at_once() -> None:
    counts: list[int] = []

    def read(number: int) -> None:
        counts.append(from_svg(document("".join(f"<circle r='{size + 1}'/>" for size in range(number)))).count)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [1, 2, 3, 4, 5, 6]


def test_text_becomes_paths_where_its_font_is_given() -> None:
    fonts = FilePath(torch.__file__).parents[1].glob("matplotlib/**/DejaVuSans.ttf")
    font = next(fonts, None) or next(FilePath("/usr/share/fonts").rglob("*.ttf"), None)
    if font is None:
        pytest.skip("there is no font on this machine")
    text = document('<text x="10" y="60" font-size="40">HI</text>')
    scene = from_svg(text, fonts=[font])
    with pytest.raises(UserError, match="is no font that can be read"):
        from_svg(text, fonts=[__file__])
    assert rasterize(scene, 100, 100, coverage="ramp")[0, 0].lt(0.5).float().mean() > 0.02


def test_the_program_is_the_one_that_was_published() -> None:
    assert hashlib.sha256(program_bytes()).hexdigest() == usvg.SHA256
