"""SVG documents by anyone, from files, compressed, in any encoding, made ready for usvg."""

import os
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from vectorae.errors import UserError, shortened
from vectorae.svg.amended import XLINK_HREF, amend, amended_text
from vectorae.svg.markup import Curve

SVG = "http://www.w3.org/2000/svg"
NAMESPACES = {"xlink": XLINK_HREF[1:].partition("}")[0], "svg": SVG}
"""Prefixes that documents use without a declaration, and what they mean; others mean nothing."""

LARGEST = 16 << 20
"""Bytes of an unpacked document."""

MOST_NESTED, MOST_ELEMENTS = 200, 60_000

MARK = -54321.125
"""The y at which the path begins that stands for an element that is left out; its x is the element's number, from 1."""

PLAIN_ID = re.compile(r"[\w.:-]+")
"""Ids that come back from usvg as they were: it does not escape others."""


@dataclass
class Source:
    """A document before it is simplified.

    Attributes:
        root: its elements; those of SVG have their plain names.
        names: id → the name of the element, as in ``<rect>``.
        ids: id → what it was called, where that is another.
        marked: what the paths stand for that begin at y ``MARK``, in the order of their x.
        unlike: names of what is not shown as it should be.
    """

    root: Element
    names: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    marked: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)

    def called(self, name: str, own: str | None) -> str:
        """An element by its name and the id that it had."""
        return f"<{name}>" if own is None else f'<{name} id="{shortened(self.ids.get(own, own))}">'

    def marked_by(self, curve: Curve | None) -> str | None:
        """The name of what a curve stands for, or None for one that is in the document."""
        if curve is None or curve.points[0][1] != MARK:
            return None
        number = round(curve.points[0][0])
        return self.marked[number - 1] if 0 < number <= len(self.marked) else None

    @property
    def text(self) -> bytes:
        """The document in UTF-8."""
        return ElementTree.tostring(self.root, encoding="utf-8")


def read_source(given: str | bytes | os.PathLike[str], has_fonts: bool = False) -> Source:
    """The elements of a document.

    Args:
        given: the document, or the path of its file, which may be compressed (``.svgz``).
        has_fonts: whether text is drawn.

    Raises:
        UserError: no SVG document.
    """
    text = amended_text(_text(given))
    source = Source(_parsed(text))
    source.unlike += amend(source.root)
    if "transform-box" in text:
        source.unlike.append("transform-box")
    _rename(source)
    _mark(source, has_fonts)
    return source


def _text(given: str | bytes | os.PathLike[str]) -> str:
    if isinstance(given, str) and ("<" in given or not given.strip()):
        return given
    if isinstance(given, bytes | bytearray | memoryview):
        return _decoded(_unpacked(bytes(given)))
    if not isinstance(given, str | os.PathLike):
        raise UserError(f"svg: a document is a text, bytes or the path of a file, not {type(given).__name__}")
    try:
        data = Path(given).expanduser().read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"svg: '{shortened(os.fsdecode(given))}': {why}") from error
    return _decoded(_unpacked(data))


def _unpacked(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            data = decompressor.decompress(data, LARGEST + 1)
        except zlib.error as error:
            raise UserError(f"svg: it is compressed, and damaged ({error})") from error
        if not decompressor.eof and len(data) <= LARGEST:
            raise UserError("svg: it is compressed, and its end is missing")
    if len(data) > LARGEST:
        raise UserError(f"svg: more than {LARGEST >> 20} MiB")
    return data


BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
FIRST = 1024
"""Bytes among which an encoding is declared."""

FIRST_BYTES = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}


def _decoded(data: bytes) -> str:
    """The text of a document by its byte order mark, its declaration, or else as UTF-8."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return _decoded_as(data[len(mark) :], encoding)
    if data[:2] in FIRST_BYTES:
        return _decoded_as(data, FIRST_BYTES[data[:2]])
    declared = re.match(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']", data[:FIRST])
    return _decoded_as(data, declared[1].decode() if declared else "utf-8")


def _decoded_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeError, ValueError, TypeError) as error:
        # Programs of Windows write their own encoding and say nothing.
        if encoding == "utf-8":
            return data.decode("latin-1")
        raise UserError(f"svg: its text is not in {encoding}, as it says ({error})") from error


_PREFIXES = re.compile(r"[\s</]([A-Za-z_][\w.-]{0,40}):[A-Za-z_]")


def _parsed(text: str) -> Element:
    """The root of a document.

    Raises:
        UserError: not well-formed, nested too deeply, or no SVG.
    """
    text = text.removeprefix("\ufeff").strip()
    if text.startswith("<?xml "):
        text = text.partition("?>")[2].strip()
    if not text.startswith("<"):
        raise UserError("svg: it is no SVG: it does not begin with <")
    try:
        root = _root(text)
    except ElementTree.ParseError as error:
        if "unbound prefix" not in str(error):
            raise UserError(f"svg: not well-formed ({error})") from error
        try:
            root = _root(_with_namespaces(text))
        except ElementTree.ParseError as again:
            raise UserError(f"svg: not well-formed ({again})") from again
    except UnicodeError as error:
        raise UserError(f"svg: not well-formed ({error})") from error
    name = root.tag
    if name not in (f"{{{SVG}}}svg", "svg"):
        raise UserError(f"svg: the root is <{shortened(name)}>, not <svg> of {SVG}")
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
    root.set("xmlns", SVG)
    return root


def _root(text: str) -> Element:
    parser = ElementTree.XMLParser(target=_ShallowTree())
    parser.feed(text.encode())
    root: Element = parser.close()
    return root


class _ShallowTree(ElementTree.TreeBuilder):
    """Elements, as long as they are not too many, nor nested so deeply that programs run out of stack."""

    depth = count = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self.depth += 1
        self.count += 1
        if self.count > MOST_ELEMENTS:
            raise UserError(f"svg: more than {MOST_ELEMENTS} elements")
        if self.depth > MOST_NESTED:
            raise UserError(f"svg: its elements are nested more than {MOST_NESTED} deep")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self.depth -= 1
        return super().end(tag)


def _with_namespaces(text: str) -> str:
    """The document with all prefixes declared on its root that occur and are declared nowhere."""
    declared = {"xml", "xmlns", *re.findall(r"xmlns:([^\s=]{1,40})", text)}
    missing = set(_PREFIXES.findall(text)) - declared
    words = "".join(f' xmlns:{name}="{NAMESPACES.get(name, f"urn:{name}")}"' for name in sorted(missing))
    return re.sub(r"<(?:[\w-]+:)?svg\b", lambda found: found[0] + words, text, count=1)


def _rename(source: Source) -> None:
    """Give elements ids that usvg writes as they are, and change what refers to them."""
    new: dict[str, str] = {}
    for element in source.root.iter():
        own = element.get("id")
        if own is not None and not PLAIN_ID.fullmatch(own):
            element.set("id", new.setdefault(own, f"renamed-{len(new) + 1}"))
    if not new:
        return
    source.ids = {name: old for old, name in new.items()}
    for element in source.root.iter():
        for name, value in element.attrib.items():
            if "#" in value:
                found = re.sub(r"^\s*#|^\s*url\(\s*['\"]?#|['\"]?\s*\)\s*$", "", value)
                if found in new:
                    element.set(name, value.replace(f"#{found}", f"#{new[found]}"))


def _mark(source: Source, has_fonts: bool) -> None:
    """Collect the names of elements, and put paths in the place of what cannot be drawn, to see which would show."""
    for element in source.root.iter():
        name, own = element.tag, element.get("id")
        if own is not None:
            source.names.setdefault(own, name)
        if not _is_lost(element, has_fonts):
            continue
        source.marked.append(source.called(name, own))
        kept = {key: value for key, value in element.attrib.items() if key in KEPT_OF_MARKED}
        kept["style"] = f"{kept.get('style', '')};fill:#000;fill-opacity:1;stroke:none".lstrip(";")
        tail = element.tail
        element.clear()
        element.tag, element.tail, element.attrib = "path", tail, kept
        element.set("d", f"M{len(source.marked)} {MARK}h1v1z")


KEPT_OF_MARKED = {"id", "class", "style", "display", "visibility", "opacity", "requiredExtensions", "requiredFeatures"}
KEPT_OF_MARKED |= {"systemLanguage"}
"""Attributes that decide whether an element is seen."""


def _is_lost(element: Element, has_fonts: bool) -> bool:
    """Whether an element shows what usvg leaves out."""
    if element.tag == "text":
        return not has_fonts and any(part.strip() for part in element.itertext())
    if element.tag in ("image", "use"):
        href = element.get("href", element.get(XLINK_HREF, "")).strip()
        return bool(href) and not href.startswith(("#", "data:"))
    return element.tag == "foreignObject" and len(element) > 0
