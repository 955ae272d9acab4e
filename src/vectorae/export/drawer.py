"""The class that draws images as SVG with an exported encoder: opened once, then used again and again.

Imports numpy, Pillow, ONNX Runtime and what ``draw.py`` is made of: exports carry this file with them.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypedDict, Unpack

import numpy as np
from PIL import Image, ImageColor

from vectorae.errors import UserError, choose, reason
from vectorae.export.shapes import shapes_of
from vectorae.io.frame import WIDTH_WORDS, OutputSize, is_width
from vectorae.io.images import MAX_PIXELS, NONE, RESIZES, Picture, View, picture_size, read_picture
from vectorae.svg.document import document

AnyImage = str | Path | bytes | bytearray | memoryview | BinaryIO | Image.Image | np.ndarray[Any, Any]
"""A file by its path, its content, or open; a picture of Pillow; or an array of pixels, ``[H, W]`` or
``[H, W, C]`` with 1 to 4 channels (grey, or red, green and blue; alpha last): uint8, or floats in [0, 1]."""

AT_ONCE = 64
"""Images that the network sees together: a few hundred MiB."""

LARGEST_SCALE = 1000


class DrawValueError(UserError, ValueError):
    """A file, setting or image that cannot be used; the message is one line that says what to do."""


class DrawTypeError(UserError, TypeError):
    """Something that is neither an image nor a setting; the message is one line that says what to do."""


class Settings(TypedDict, total=False):
    """Settings of a ``Drawer``; by default an SVG is as large as its image, which is drawn whole.

    Attributes:
        resize: how an image becomes square: ``pad`` (bars, which are cut off again), ``crop`` (its middle) or
            ``stretch``.
        width: of the SVG, pixels (1200) or millimetres ("120mm"); or
        scale: the same as a factor on the image's own size, in (0, 1000].
        background: the colour behind what is transparent, any that Pillow knows; None is white, or nothing for a model
            that draws what is transparent as transparent.
        invert: black becomes white first.
        keep_hidden: write shapes beyond the picture too.
        max_pixels: larger images are refused.
        threads: of the network; None: as many as there are cores.
    """

    resize: str
    width: int | str | None
    scale: float | None
    background: str | None
    invert: bool
    keep_hidden: bool
    max_pixels: int
    threads: int | None


class Drawer:
    """Draws images as SVG with an exported encoder. Several threads may use one.

    Example:
        >>> from draw import Drawer  # doctest: +SKIP
        >>> drawer = Drawer("exported", width=512)  # doctest: +SKIP
        >>> drawer.svg("photo.jpg")  # doctest: +SKIP
        '<svg xmlns="http://www.w3.org/2000/svg" width="512" …'
        >>> drawer.svgs([Path("a.png").read_bytes(), np.zeros((64, 64, 3), np.uint8)])  # doctest: +SKIP
        ['<svg …', '<svg …']

    Args:
        model: the folder of an export, or its model.onnx, beside which lies scene.json.
        settings: see ``Settings``.

    Attributes:
        scene: the content of ``scene.json``.
        view: how an image becomes what the network takes.
        size: how large drawings are.

    Raises:
        ValueError: no export, a damaged one, or a setting that is out of range.
        TypeError: no such setting.
    """

    def __init__(self, model: str | Path, **settings: Unpack[Settings]) -> None:
        unknown = set(settings) - set(Settings.__annotations__)
        if unknown:
            raise DrawTypeError(f"{min(unknown)}: no such setting; {choose(min(unknown), Settings.__annotations__)}")
        path = Path(model)
        self._model = path / "model.onnx" if path.is_dir() and (path / "model.onnx").exists() else path
        check_file("model", self._model, "name the model.onnx of an export")
        description = self._model.with_name("scene.json")
        check_file("model", description, "it lies beside its model.onnx; export it again")
        with refusing(f"model: '{description}' is damaged or not complete", "export it again"):
            self.scene: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
            self.view = _view(self.scene, settings)
            self._described = {one["name"]: one["shape"][1:] for one in self.scene["outputs"]}
            assert isinstance(self.scene["groups"], list) and isinstance(self.scene["compositing"], str)
        self.size = _size(settings)
        self._keep_hidden = settings.get("keep_hidden", False)
        self._session = self._opened(settings.get("threads"))

    def svg(self, image: AnyImage, title: str | None = None) -> str:
        """An image as an SVG document.

        Args:
            image: see ``AnyImage``.
            title: of the document; None is the name of the file, if it has one.

        Raises:
            ValueError: an image that cannot be read, or is too large.
            TypeError: what is no image.
        """
        return self._drawn([self._read(image, "image")], [title or _name_of(image)])[0]

    def svgs(self, images: Iterable[AnyImage]) -> list[str]:
        """Images as SVG documents, in their order; the network sees ``AT_ONCE`` of them together.

        Raises:
            ValueError, TypeError: as ``svg``; the message says which of the images it is.
        """
        if isinstance(images, str | Path | bytes):
            raise DrawTypeError("images: a list is needed, and this is one image; use svg")
        documents: list[str] = []
        pictures: list[Picture] = []
        titles: list[str | None] = []
        for number, image in enumerate(images):
            pictures.append(self._read(image, f"images[{number}]"))
            titles.append(_name_of(image))
            if len(pictures) == AT_ONCE:
                documents += self._drawn(pictures, titles)
                pictures, titles = [], []
        return documents + (self._drawn(pictures, titles) if pictures else [])

    def _opened(self, threads: int | None) -> Any:
        """The network, which is to be the one that the scene describes."""
        with refusing("onnxruntime cannot be imported", "pip install onnxruntime"):
            import onnxruntime

        with refusing(f"model: '{self._model}' is damaged or not an ONNX model", "name the model.onnx of an export"):
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3  # errors; weights that no drawing needs are none
            options.intra_op_num_threads = threads or 0
            session = onnxruntime.InferenceSession(str(self._model), options, providers=["CPUExecutionProvider"])
        found = {output.name: output.shape[1:] for output in session.get_outputs()}
        inputs = [one.shape[1:] for one in session.get_inputs()]
        if self._described != found or inputs != [self.scene["input"]["shape"][1:]]:
            raise DrawValueError(
                f"model: '{self._model}' and the scene.json beside it belong to two models; export it again"
            )
        return session

    def _read(self, image: Any, name: str) -> Picture:
        """An image as the network takes it; its name is for messages."""
        file = image
        if isinstance(image, str | Path):
            name = f"{name}: '{image}'"
            check_file(name.partition(":")[0], Path(image), "name an image")
        elif isinstance(image, bytes | bytearray | memoryview):
            file = BytesIO(image)
        elif isinstance(image, np.ndarray):
            file = _as_file(_picture(image, name))
        elif isinstance(image, Image.Image):
            file = _as_file(image)
        elif not hasattr(image, "read"):
            raise DrawTypeError(
                f"{name}: {type(image).__name__} is no image; give a path, bytes, an array or an open file"
            )
        with refusing(f"{name} cannot be read", "choose another, or convert it to PNG"):
            width, height = picture_size(file)
            most = self.view.max_pixels
            if width * height > most:
                raise DrawValueError(
                    f"{name} has {width}×{height} pixels, more than the {most} that are allowed; "
                    f"write max_pixels={width * height} (--max-pixels {width * height})"
                )
            if not isinstance(file, str | Path):
                file.seek(0)
            return read_picture(file, self.view)

    def _drawn(self, pictures: list[Picture], titles: list[str | None]) -> list[str]:
        """The documents of pictures."""
        names = list(self._described)
        with refusing(f"model: '{self._model}' cannot be run", "export it again"):
            images = np.stack([picture.pixels for picture in pictures]).astype(np.float32) / 255
            arrays = dict(zip(names, self._session.run(names, {"images": images}), strict=True))
        side, screen = self.view.size, self.scene["compositing"] == "soft_or"
        documents = []
        with refusing(f"model: the scene.json beside '{self._model}' is damaged or not complete", "export it again"):
            for number, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
                outputs = {name: array[number] for name, array in arrays.items()}
                frame = self.view.frame(picture.width, picture.height, self.size)
                shapes = shapes_of(outputs, self.scene, side, (frame.part.left, frame.part.top))
                background = outputs["background"].tolist() if "background" in outputs else None
                documents.append(document(shapes, background, frame, title, screen, self._keep_hidden))
        return documents


@contextlib.contextmanager
def refusing(what: str, instead: str) -> Iterator[None]:
    """Turn whatever an outside file leads to into one line: what is wrong (why); what to do instead."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # Pillow's plugins and ONNX Runtime raise nearly anything for a damaged file
        raise DrawValueError(f"{what} ({reason(error)}); {instead}") from error


def check_file(name: str, path: Path, instead: str) -> None:
    """Refuse what is no file.

    Args:
        name: of the argument.
        path: its value.
        instead: what to do, for messages.
    """
    if path.is_dir():
        raise DrawValueError(f"{name}: '{path}' is a folder; {instead}")
    if not path.exists():
        raise DrawValueError(f"{name}: no file '{path}'; {instead}")


def _view(scene: dict[str, Any], settings: Settings) -> View:
    """How an image becomes what a network takes."""
    _, channels, side, _ = scene["input"]["shape"]
    transparent = channels in (2, 4)
    background, resize = settings.get("background"), settings.get("resize", "pad")
    most = settings.get("max_pixels", MAX_PIXELS)
    if resize not in RESIZES:
        raise DrawValueError(f"resize: must be one of {', '.join(RESIZES)}, got {resize!r}")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise DrawValueError(f"max_pixels: must be an integer ≥ 1, got {most!r}")
    if transparent and background is not None:
        raise DrawValueError(f"background: {background}, and this model draws what is transparent so; leave it out")
    if background is not None:
        try:
            ImageColor.getrgb(background)
        except (ValueError, AttributeError) as error:
            raise DrawValueError(
                f"background: must be a colour such as white or '#ff8800', got {background!r}"
            ) from error
    bars, invert = scene["input"]["bars"], settings.get("invert", False)
    background = background or (NONE if transparent else "white")
    return View(side, channels - transparent, resize, bars=bars, invert=invert, background=background, max_pixels=most)


def _size(settings: Settings) -> OutputSize:
    """How large drawings are."""
    width, scale = settings.get("width"), settings.get("scale")
    if width is not None and scale is not None:
        raise DrawValueError(f"width: {width}, and scale: {scale}; choose one of the two")
    if width is not None and not is_width(width):
        raise DrawValueError(f"width: must be {WIDTH_WORDS}, got {width!r}")
    if scale is not None and not (isinstance(scale, int | float) and 0 < scale <= LARGEST_SCALE):
        raise DrawValueError(f"scale: must be a number in (0, {LARGEST_SCALE}], got {scale!r}")
    return OutputSize(width, scale)


def _picture(pixels: "np.ndarray[Any, Any]", name: str) -> Image.Image:
    """An array as a picture."""
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim not in (2, 3) or channels not in MODES or 0 in pixels.shape:
        raise DrawValueError(
            f"{name}: an array [H, W] or [H, W, C] with 1 to 4 channels is needed, got {list(pixels.shape)}"
        )
    if pixels.dtype.kind == "f":
        if not ((pixels >= 0) & (pixels <= 1)).all():
            raise DrawValueError(f"{name}: floats are pixels in [0, 1], and some of these are not")
        pixels = (pixels * 255).round().astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise DrawTypeError(f"{name}: pixels are uint8, or floats in [0, 1]; these are {pixels.dtype}")
    flat = pixels.reshape(*pixels.shape[:2], -1)
    return Image.fromarray(flat[..., 0] if channels == 1 else np.ascontiguousarray(flat), MODES[channels])


MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's, by the number of channels."""


def _as_file(image: Image.Image) -> BytesIO:
    """A picture as a file, so that it is read as all others are."""
    content = BytesIO()
    image.save(content, format="png", compress_level=0)
    content.seek(0)
    return content


def _name_of(image: Any) -> str | None:
    return Path(image).name if isinstance(image, str | Path) else None
