"""A module imports only from lower floors of the house; modules of one room may import each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "vectorae"

FLOORS = [
    {"compat", "errors", "pretrained", "version"},
    {"config"},
    {"geometry", "io"},
    {"loggers", "scene"},
    {"primitives", "rasterizer", "svg"},
    {"layout", "losses", "pydiffvg"},
    {"decoder"},
    {"datasets", "encoders"},
    {"fitting", "training"},
    {"evaluation"},
    {"callbacks", "export", "inference"},
    {"commands"},
    {"__init__", "__main__"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """`geometry` for `geometry/bounds.py`, `scene` for `scene.py`."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(source: str, path: Path) -> Iterator[str]:
    """The rooms that a module imports from, wherever in the file it does so, relative imports included."""
    package = ("vectorae", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            top, *rest = name.split(".")
            if top == "vectorae":
                # `from vectorae import load` takes what stands above all rooms.
                yield rest[0] if rest and rest[0] in FLOOR_OF else "__init__"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_come_from_lower_floors(path: Path) -> None:
    room = room_of(path)
    assert room in FLOOR_OF, f"give the room '{room}' a floor in this test"
    for other in imported_rooms(path.read_text(encoding="utf-8"), path):
        assert other == room or FLOOR_OF[other] < FLOOR_OF[room], f"{room} imports {other}, which is no lower floor"


@pytest.mark.parametrize(
    ("source", "rooms"),
    [
        ("import vectorae.layout", ["layout"]),
        ("from vectorae.layout import Layout", ["layout"]),
        ("from vectorae import layout, load", ["layout", "__init__"]),
        ("from ..scene import Scene", ["scene"]),
        ("from . import bounds", ["geometry"]),
        ("def f():\n    from vectorae.config import check", ["config"]),
        ("import torch", []),
    ],
)
def test_every_way_to_import_is_seen(source: str, rooms: list[str]) -> None:
    assert list(imported_rooms(source, PACKAGE / "geometry" / "flatten.py")) == rooms
