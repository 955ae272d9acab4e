"""Signatures that are read from source are those of the classes, and mistakes are found without importing torch."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from annotated_types import Ge

from vectorae.commands.command_line import conf_folder
from vectorae.config.arguments import PositiveInt, _all_hints, _called, check_value, parameters
from vectorae.config.components import check
from vectorae.config.sections import Section
from vectorae.config.signatures import choices_of, read_signature
from vectorae.errors import UserError


def sections() -> list[tuple[str, dict[str, Any]]]:
    """Every section of every config file that names a class, with its key."""
    found = []
    for file in sorted(conf_folder().rglob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        inside = [(key, value) for key, value in content.items() if isinstance(value, dict)]
        found += [(key, one) for key, one in [(file.parent.name, content), *inside] if "_target_" in one]
    return found


TARGETS = sorted({section["_target_"] for _, section in sections()})


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_read_is_what_the_class_says(target: str) -> None:
    function = check_target(target)
    read, hints = read_signature(target), _all_hints(_called(function))
    assert read is not None
    assert set(read) == set(parameters(function))
    for name, hint in read.items():
        assert hint is Any or repr(hint) == repr(hints[name]), name


def check_target(target: str) -> type:
    from vectorae.config.components import locate

    return locate(target, "section")


def test_most_annotations_are_read() -> None:
    hints = [hint for target in TARGETS for hint in (read_signature(target) or {}).values()]
    assert sum(hint is Any for hint in hints) < 0.05 * len(hints)


def test_registries_are_not_read() -> None:
    """A dict that modules fill as they are imported would be empty."""
    read = read_signature("vectorae.layout.Layout")
    assert read is not None and read["kinds"] is Any and read["start"] is Any
    assert read["rows"] == PositiveInt | None


@pytest.mark.parametrize("target", ["os.system", "nowhere.Nothing", "vectorae.encoders.Nothing", "Nothing", "", "a..b"])
def test_what_cannot_be_read_is_left_to_the_import(target: str) -> None:
    assert read_signature(target) is None
    Section().check("part", {"_target_": target, "width": -1})


def test_lightnings_trainer_is_read() -> None:
    read = read_signature("pytorch_lightning.Trainer")
    assert read is not None and read["num_nodes"] is int and read["strategy"] is Any


def test_a_section_is_compared() -> None:
    section = Section(("channels", "image_size"), keys={"depth": Annotated[int, Ge(2)]})
    section.check("encoder", {"_target_": "vectorae.encoders.CNN", "width": 8, "depth": 2})
    for wrong, message in (
        ({"width": 0}, r"^encoder\.width must be an integer ≥ 1, got 0$"),
        ({"channels": 3}, r"^encoder\.channels: no such key; choose from depth, width$"),
        ({"depth": 1}, r"^encoder\.depth must be an integer ≥ 2, got 1$"),
    ):
        with pytest.raises(UserError, match=message):
            section.check("encoder", {"_target_": "vectorae.encoders.CNN", **wrong})


@pytest.mark.parametrize(("key", "section"), sections(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_section_of_conf_passes(key: str, section: dict[str, Any]) -> None:
    values = {name: value for name, value in section.items() if value != "${seed}"}
    supplied = {
        "primitives": ("channels", "aspect"),
        "encoder": ("channels", "image_size"),
        "head": ("layout", "features", "side", "any_count"),
        "refiner": ("layout", "features", "any_count"),
    }.get(key, ())
    if key == "dataset" and "root" in values:
        values["root"] = str(Path(__file__).parent)
    Section(supplied).check(key, values)
    check(values, key, supplied)


def test_choices_of_an_annotation() -> None:
    assert choices_of(Literal["a", "b"] | None) == ["a", "b"]
    assert choices_of(Annotated[bool, "a note"]) == ["true", "false"]
    assert choices_of(int) == []


def test_a_requirement_speaks_for_its_alternative_alone() -> None:
    from vectorae.config.paths import ResumedFile

    check_value("init", None, ResumedFile | None)
    with pytest.raises(UserError, match=r"^init: no file 'nowhere'$"):
        check_value("init", "nowhere", ResumedFile | None)
    with pytest.raises(UserError, match=r"^init must be text or null, got 3$"):
        check_value("init", 3, ResumedFile | None)
