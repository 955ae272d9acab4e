"""Image files of rare kinds: turned, of few and many bits, with transparent colours, floats, damaged."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, features

from vectorae.datasets.decode import decode_all, decode_files
from vectorae.errors import UserError
from vectorae.fitting.photos import Reader
from vectorae.io.images import MAX_PIXELS, Picture, View, picture_size, read_picture, read_whole

SIDE = 16

RAMP = np.arange(SIDE)[None].repeat(SIDE, 0)
"""0 … 15 from the left to the right."""

ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
"""Of each pass of an interlaced PNG the first row and column, and the steps to the next."""

GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6


def png(
    samples: np.ndarray,
    bits: int,
    kind: int,
    colour: list[int] | None = None,
    interlaced: bool = False,
    more: bytes = b"",
) -> bytes:
    """A PNG file of samples ``[H, W]`` or ``[H, W, C]``, maybe with a transparent colour and other chunks."""

    def packed(row: np.ndarray) -> bytes:
        planes = np.unpackbits(row.astype(">u2").reshape(-1, 1).view(np.uint8), axis=1)[:, 16 - bits :]
        return b"\0" + np.packbits(planes).tobytes()

    passes = [samples[y::down, x::across] for y, x, down, across in ADAM7] if interlaced else [samples]
    data = zlib.compress(b"".join(packed(row) for part in passes for row in part))
    height, width = samples.shape[:2]
    content = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)) + more
    if colour is not None:
        content += chunk(b"tRNS", struct.pack(f">{len(colour)}H", *colour))
    return b"\x89PNG\r\n\x1a\n" + content + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def tiff(samples: np.ndarray, bits: int, kind: int, tags: dict[int, int] | None = None) -> bytes:
    """A TIFF file of samples ``[H, W]``, little endian unless theirs are big, whose ``bits`` may be packed.

    Args:
        samples: as they are stored.
        bits: of a sample.
        kind: 1 without a sign, 2 with one, 3 floats.
        tags: more of them, or others.
    """
    order, data, (height, width) = "><"[samples.dtype.byteorder != ">"], samples.tobytes(), samples.shape
    width = width * samples.itemsize * 8 // bits
    all_tags = {
        256: width,
        257: height,
        258: bits,
        259: 1,
        262: 1,
        273: 0,
        277: 1,
        278: height,
        279: len(data),
        339: kind,
    }
    all_tags |= tags or {}
    all_tags[273] = 14 + 12 * len(all_tags)
    entries = [struct.pack(f"{order}HHII", tag, 4, 1, all_tags[tag]) for tag in sorted(all_tags)]
    head = (b"MM" if order == ">" else b"II") + struct.pack(f"{order}HIH", 42, 8, len(entries))
    return head + b"".join(entries) + bytes(4) + data


def saved(image: Image.Image, name: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, name, **options)
    return content.getvalue()


def read(content: bytes, channels: int = 3, background: str = "white") -> np.ndarray:
    """The pixels ``[C, H, W]`` of a square picture as it is, which both ways to read it agree on."""
    square = read_picture(io.BytesIO(content), View(SIDE, channels, background=background)).pixels
    assert np.array_equal(square, read_whole(io.BytesIO(content), SIDE, channels, background).pixels)
    return square.astype(int)


def reference(content: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(content)))


def blocks() -> Image.Image:
    """Six colours, 2 × 3, so that no turn of it is another."""
    colours = np.random.default_rng(0).integers(0, 256, (3, 2, 3), np.uint8)
    return Image.fromarray(colours.repeat(SIDE // 2, 0).repeat(SIDE // 2, 1))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff", "avif"])
def test_pictures_are_upright(name: str, turn: int) -> None:
    if name in ("webp", "avif") and not features.check(name):
        pytest.skip(f"Pillow without {name}")
    exif = Image.Exif()
    exif[0x0112] = turn
    content = saved(blocks(), name, exif=exif)
    upright = reference(content)
    assert upright.size == ((24, 16) if turn > 4 else (16, 24))
    found = read_whole(io.BytesIO(content), SIDE, 3)
    assert (found.width, found.height) == picture_size(io.BytesIO(content)) == upright.size
    assert np.array_equal(found.pixels.transpose(1, 2, 0), np.asarray(upright.convert("RGB")))
    squeezed = np.asarray(upright.convert("RGB").resize((8, 8), Image.Resampling.BILINEAR)).astype(int)
    stretched = read_picture(io.BytesIO(content), View(8, 3, "stretch")).pixels.transpose(1, 2, 0)
    assert np.abs(stretched - squeezed).max() <= (12 if name == "jpeg" else 0)  # which is decoded at half the size


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "tiff", "big endian", "float"])
def test_deep_pictures_are_upright(kind: str, turn: int) -> None:
    values = np.random.default_rng(0).integers(0, 256, (24, 16)) * 257
    exif = Image.Exif()
    exif[0x0112] = turn
    contents = {
        "png": lambda: saved(Image.fromarray(values.astype(np.uint16)), "png", exif=exif),
        "tiff": lambda: tiff(values.astype("<u2"), 16, 1, {274: turn}),
        "big endian": lambda: tiff(values.astype(">u2"), 16, 1, {274: turn}),
        "float": lambda: tiff((values / 65535).astype("<f4"), 32, 3, {274: turn}),
    }
    content = contents[kind]()
    upright = reference(content)
    expected = np.asarray(upright, np.float64) * (255 if kind == "float" else 1 / 257)
    found = read_whole(io.BytesIO(content), SIDE, 1)
    assert (found.width, found.height) == picture_size(io.BytesIO(content)) == upright.size
    assert np.array_equal(found.pixels[0], expected.round())


def test_a_png_is_turned_by_its_xmp_and_by_exif_at_its_end() -> None:
    samples = np.asarray(blocks())
    xmp = chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<rdf:Description tiff:Orientation="6"/>')
    exif = Image.Exif()
    exif[0x0112] = 6
    early = png(samples, 8, COLOUR, more=xmp)
    late = (
        png(samples, 8, COLOUR)[:-12] + chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")) + chunk(b"IEND", b"")
    )
    assert picture_size(io.BytesIO(early)) == (24, 16)
    for content in (early, late):
        found = read_whole(io.BytesIO(content), SIDE, 3)
        assert (found.width, found.height) == (24, 16)
        assert np.array_equal(found.pixels.transpose(1, 2, 0), np.asarray(reference(content)))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(
    ("bits", "kind"), [(1, GREY), (2, GREY), (4, GREY), (8, GREY), (16, GREY), (8, COLOUR), (16, COLOUR)]
)
def test_the_transparent_colour_of_a_png_has_its_own_number_of_bits(bits: int, kind: int, interlaced: bool) -> None:
    # Of the sixteen columns those of one value are transparent; of deep pictures the next value is almost the same.
    values = {1: RAMP // 8, 2: RAMP // 4, 4: RAMP, 8: RAMP * 17, 16: RAMP + 40_000}[bits]
    chosen = int(values[0, 9])
    clear = values == chosen
    grey = (values * 255 / (2**bits - 1)).round().astype(int)
    samples, colour = (values, [chosen]) if kind == GREY else (np.stack([values] * 3, -1), [chosen] * 3)
    content = png(samples, bits, kind, colour, interlaced)
    assert clear.any() and not clear.all()
    for channels in (1, 3):
        over_red = read(content, channels, "#ff0000")
        assert (over_red[0][clear] == (255 if channels == 3 else 76)).all()
        assert np.abs(over_red[0] - grey)[~clear].max() <= (bits == 16)
        kept = read(content, channels, "none")
        assert np.array_equal(kept[-1], np.where(clear, 0, 255))
        assert (kept[:-1, clear] == 0).all() and np.abs(kept[0] - grey)[~clear].max() <= (bits == 16)


@pytest.mark.parametrize("kind", [GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA])
def test_sixteen_bits_of_a_png(kind: int) -> None:
    """Pillow keeps the upper byte, at most a two hundred and fifty-fifth off; so is alpha, and all is rounded."""
    channels = {GREY: 1, COLOUR: 3, GREY_ALPHA: 2, COLOUR_ALPHA: 4}[kind]
    samples = np.random.default_rng(kind).integers(0, 65536, (SIDE, SIDE, channels))
    values = samples / 65535
    alpha = values[..., -1:] if kind in (GREY_ALPHA, COLOUR_ALPHA) else np.ones((SIDE, SIDE, 1))
    colours = np.broadcast_to(values[..., :3] if channels > 2 else values[..., :1], (SIDE, SIDE, 3))
    content = png(samples, 16, kind)
    expected = 255 * (colours * alpha + 1 - alpha)
    most = 1.5 if alpha.min() == 1 else 2
    assert np.abs(read(content).transpose(1, 2, 0) - expected).max() <= most
    kept = 255 * np.concatenate([colours * alpha, alpha], -1)
    assert np.abs(read(content, 3, "none").transpose(1, 2, 0) - kept).max() <= most


def with_one(values: np.ndarray, one: float) -> np.ndarray:
    changed = values.copy()
    changed[3, 3] = one
    return changed


SHARES = RAMP / 15


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        pytest.param(SHARES, "<f4", SHARES, id="floats"),
        pytest.param(with_one(SHARES, 1.0001), "<f4", with_one(SHARES, 1), id="floats, one a little above"),
        pytest.param(with_one(SHARES, 5e30), "<f4", with_one(SHARES, 1), id="floats, one far above"),
        pytest.param(with_one(SHARES, -9999), "<f4", with_one(SHARES, 0), id="floats, one far below"),
        pytest.param(SHARES * 1.5 - 0.25, "<f4", (SHARES * 1.5 - 0.25).clip(0, 1), id="floats beyond both ends"),
        pytest.param(SHARES / 10, ">f4", SHARES / 10, id="dark floats"),
        pytest.param(SHARES * 255, "<f4", SHARES, id="floats up to 255"),
        pytest.param(with_one(SHARES * 0, 255), "<f4", with_one(SHARES * 0, 1), id="floats up to 255, nearly all 0"),
        pytest.param(SHARES * 290 - 20, "<f4", (SHARES * 290 / 255 - 20 / 255).clip(0, 1), id="floats beyond 255"),
        pytest.param(SHARES * 65535, ">f4", SHARES, id="floats up to 65535"),
        pytest.param(SHARES * 1e9, "<f4", SHARES, id="floats up to a billion"),
        pytest.param(-SHARES, "<f4", SHARES * 0, id="floats below zero"),
        pytest.param(SHARES * 0, "<f4", SHARES * 0, id="floats of zero"),
        pytest.param(RAMP % 2, "<i4", RAMP % 2, id="integers of 0 and 1"),
        pytest.param(RAMP * 17, "<i4", SHARES, id="integers up to 255"),
        pytest.param(RAMP * 4369, ">i4", SHARES, id="integers up to 65535"),
        pytest.param(RAMP * 100_000, "<i4", SHARES, id="integers up to a million"),
        pytest.param(RAMP * 286_331_153, "<u4", SHARES, id="integers of 32 bits without a sign"),
        pytest.param(RAMP * 17 - 99, "<i4", (SHARES - 99 / 255).clip(0, 1), id="integers below zero"),
        pytest.param(RAMP * 17, "<u2", RAMP * 17 / 65535, id="sixteen bits, dark"),
        pytest.param(RAMP * 4369, ">u2", SHARES, id="sixteen bits, big endian"),
        pytest.param(SHARES * 32767, "<i2", SHARES, id="sixteen bits with a sign"),
    ],
)
def test_black_and_white_of_deep_tiffs(values: np.ndarray, kind: str, expected: np.ndarray) -> None:
    stored = values.astype(kind)
    content = tiff(stored, 8 * stored.itemsize, "uif".index(stored.dtype.kind) + 1)
    for channels in (1, 3):
        assert np.abs(read(content, channels) - 255 * expected).max() <= 0.51
    assert (read(content, 1, "none")[-1] == 255).all()


def test_twelve_bits() -> None:
    values = RAMP * 273  # up to 4095, packed two to three bytes
    left, right = values[:, ::2], values[:, 1::2]
    packed = np.stack([left >> 4, (left & 15) << 4 | right >> 8, right & 255], -1).reshape(SIDE, -1)
    assert np.array_equal(read(tiff(packed.astype(np.uint8), 12, 1), 1)[0], RAMP * 17)


@pytest.mark.parametrize("most", [255, 65535])
def test_a_dark_pgm_stays_dark(most: int) -> None:
    values = (RAMP % 2).astype(">u2" if most > 255 else "u1")
    content = b"P5 16 16 %d\n" % most + values.tobytes()
    assert read(content, 1).max() == (1 if most == 255 else 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_modes_look_as_pillow_shows_them(mode: str) -> None:
    image = blocks().resize((SIDE, SIDE), Image.Resampling.NEAREST)
    if mode in ("LA", "PA", "RGBA"):
        image.putalpha(Image.fromarray((RAMP * 17).astype(np.uint8)))
    content = saved(image.convert(mode), "tiff")
    shown = reference(content)
    assert shown.mode == mode
    shown = shown.convert("RGB") if mode == "LAB" else shown
    assert np.array_equal(read(content, 3, "none")[3], np.asarray(shown.convert("RGBA").getchannel("A")))
    over_white = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown.convert("RGBA")).convert("RGB")
    assert np.array_equal(read(content).transpose(1, 2, 0), np.asarray(over_white))
    assert np.abs(read(content, 1)[0] - np.asarray(over_white.convert("L"))).max() <= 1


def test_grey_multiplied_with_alpha() -> None:
    pairs = np.stack([RAMP * 8, np.full_like(RAMP, 128)], -1).reshape(SIDE, -1).astype(np.uint8)
    eights = 8 | 8 << 16
    content = tiff(pairs, 8, 1, {256: SIDE, 277: 2, 338: 1})
    # Two short numbers for each of two samples.
    for tag, values in ((258, eights), (339, 1 | 1 << 16)):
        at = content.index(struct.pack("<HHI", tag, 4, 1))
        content = content[:at] + struct.pack("<HHII", tag, 3, 2, values) + content[at + 12 :]
    assert Image.open(io.BytesIO(content)).mode == "La"
    assert np.abs(read(content, 1)[0] - (RAMP * 8 + 127)).max() <= 1
    assert np.abs(read(content, 1, "none") - np.stack([RAMP * 8, RAMP * 0 + 128])).max() <= 1


@pytest.mark.parametrize("alphas", [[255] * 9 + [100], [255] * 9 + [0], list(range(0, 256, 17))])
def test_a_palette_with_an_alpha_for_each_entry(alphas: list[int]) -> None:
    palette = np.random.default_rng(0).integers(0, 256, (16, 3))
    more = chunk(b"PLTE", palette.astype(np.uint8).tobytes()) + chunk(b"tRNS", bytes(alphas))
    alpha = np.array([*alphas, *[255] * (16 - len(alphas))])[RAMP][..., None] / 255
    expected = palette[RAMP] * alpha + 255 * (1 - alpha)
    for bits in (4, 8):
        assert np.abs(read(png(RAMP, bits, 3, more=more)).transpose(1, 2, 0) - expected).max() <= 1


@pytest.mark.parametrize("name", ["gif", "png", "webp", "avif", "tiff"])
def test_of_several_pictures_the_first_is_taken(name: str) -> None:
    if name in ("webp", "avif") and not features.check(name):
        pytest.skip(f"Pillow without {name}")
    frames = [Image.new("RGBA", (SIDE, SIDE), colour) for colour in ("#ff000080", "#0000ff", "#00ff00")]
    content = saved(frames[0], name, save_all=True, append_images=frames[1:])
    assert getattr(Image.open(io.BytesIO(content)), "n_frames", 1) == 3
    expected = [255, 0, 0] if name == "gif" else [255, 127, 127]  # its transparency is all or nothing
    assert np.abs(read(content)[:, 8, 8] - expected).max() <= 1


def test_gamma_and_profiles_are_ignored() -> None:
    samples = np.asarray(blocks().resize((SIDE, SIDE)))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))
    assert np.array_equal(read(png(samples, 8, COLOUR, more=more)), samples.transpose(2, 0, 1))


def written(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_fit_vectorize_and_data_sets_read_alike(tmp_path: Path) -> None:
    grey16 = RAMP * 4369
    exif = Image.Exif()
    exif[0x0112] = 5
    paths = written(
        tmp_path,
        {
            "clear.png": png(grey16, 16, GREY, [4369]),
            "colour.png": png(np.stack([grey16] * 3, -1), 16, COLOUR, [4369] * 3),
            "float.tif": tiff(with_one(SHARES, 1.0001).astype("<f4"), 32, 3),
            "integer.tif": tiff((RAMP * 17).astype("<i4"), 32, 2),
            "turned.tif": tiff(grey16.astype("<u2"), 16, 1, {274: 5}),
            "turned.png": saved(Image.fromarray(grey16.astype(np.uint16)), "png", exif=exif),
        },
    )
    expected = (RAMP * 17)[None].repeat(6, 0)
    expected[:2, :, 1] = 255
    expected[2, 3, 3] = 255
    expected[4:] = expected[4:].transpose(0, 2, 1)
    view = View(SIDE, 1)
    for path, pixels in zip(paths, expected, strict=True):
        (photo,), failures = Reader(SIDE, 1, "white", MAX_PIXELS)(str(path), tmp_path / "run")
        assert not failures and np.abs(photo.pixels[0].numpy() * 255 - pixels).max() < 1e-3
    pictures = list(decode_all(paths, view))
    (block,) = decode_files(tmp_path, [path.name for path in paths], view)
    assert not block.skipped and np.array_equal(block.images[:, 0], expected)
    for picture, pixels in zip(pictures, expected, strict=True):
        assert isinstance(picture, Picture) and np.array_equal(picture.pixels[0], pixels)


BOMB = (
    png(RAMP, 8, GREY)[:8]
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", b"")
)

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("nan.tif", tiff(with_one(SHARES, np.nan).astype("<f4"), 32, 3), "1 of 256 pixels are NaN or infinite"),
        ("inf.tif", tiff(with_one(SHARES, -np.inf).astype("<f4"), 32, 3), "1 of 256 pixels are NaN or infinite"),
        *((f"half.{name}", saved(NOISE, name), "") for name in ("png", "jpeg", "gif", "tiff", "bmp")),
        ("bomb.png", BOMB, "pixels"),  # Pillow's limit or ours
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_named_in_one_line(name: str, content: bytes, why: str, tmp_path: Path) -> None:
    (path,) = written(tmp_path, {name: content[: len(content) // 2] if name.startswith("half") else content})
    with pytest.raises(UserError) as caught:
        Reader(SIDE, 3, "white", MAX_PIXELS)(str(path), tmp_path / "run")
    (block,) = decode_files(tmp_path, [name], View(SIDE, 3))
    (line,) = decode_all([path], View(SIDE, 3))
    assert isinstance(line, str)
    for text in (str(caught.value), *block.skipped):
        assert name in text and why in text and "\n" not in text
    assert why in line
