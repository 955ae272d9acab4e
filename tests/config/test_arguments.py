"""Keys of an unpacked ``TypedDict`` are keyword parameters, with types and ranges of their own."""

from typing import Annotated, Any, Literal, TypedDict, Unpack

import pytest
from annotated_types import Ge

from vectorae.config.arguments import Choices, PositiveInt, check_arguments, parameters, validated
from vectorae.datasets import Folder, ToyFaces
from vectorae.errors import UserError


class Options(TypedDict, total=False):
    """Options of the function below."""

    image_size: Annotated[int, Ge(16)]
    channels: Annotated[int, Choices((1, 3))]
    resize: Literal["crop", "pad"]
    cache: str | None


def function(root: str, rows: PositiveInt = 1, **options: Unpack[Options]) -> Any:
    """Takes two parameters and four options."""
    return root, rows, options


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"image_size": 8}, "image_size must be an integer ≥ 16, got 8"),
    ({"image_size": True}, "image_size must be an integer ≥ 16, got True"),
    ({"channels": 2}, "channels must be 1 or 3, got 2"),
    ({"resize": "padd"}, "resize must be crop or pad, got 'padd' (did you mean pad?)"),
    ({"cache": 3}, "cache must be text or null, got 3"),
    ({"rows": 0}, "rows must be an integer ≥ 1, got 0"),
    ({"rows": 10**20}, f"rows must be an integer ≥ 1 below 2⁶³, got {10**20}"),
]


def test_keys_are_optional_parameters() -> None:
    found = parameters(function)
    assert list(found) == ["root", "rows", "image_size", "channels", "resize", "cache"]
    assert [name for name, one in found.items() if one.default is one.empty] == ["root"]


def test_possible_values_pass() -> None:
    values: dict[str, Any] = {"root": "a", "image_size": 16, "channels": 3, "resize": "pad", "cache": None}
    check_arguments(function, values, "dataset")
    assert validated(function)(**values) == function(**values)


@pytest.mark.parametrize(("options", "message"), MISTAKES)
def test_mistakes_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as refusal:
        check_arguments(function, {"root": "a", **options}, "dataset")
    assert str(refusal.value) == f"dataset.{message}"
    with pytest.raises(UserError) as refusal:
        validated(function)("a", **options)
    assert str(refusal.value) == message


def test_unknown_and_missing_keys_are_named() -> None:
    with pytest.raises(UserError, match=r"^dataset\.imagesize: no such key; .* \(did you mean image_size\?\)$"):
        check_arguments(function, {"root": "a", "imagesize": 32}, "dataset")
    with pytest.raises(UserError, match=r"^dataset\.root: missing"):
        check_arguments(function, {"image_size": 32}, "dataset")


def test_data_sets_take_the_options_of_all() -> None:
    with pytest.raises(UserError, match=r"^dataset\.image_size must be an integer in \[16, 8192\], got 8$"):
        check_arguments(Folder, {"image_size": 8}, "dataset")
    with pytest.raises(UserError, match=r"^image_size must be an integer in \[16, 8192\], got 8$"):
        ToyFaces(image_size=8)
    assert (ToyFaces().batch_size, ToyFaces(batch_size=4).batch_size) == (32, 4)


def test_unknown_options_of_data_sets_are_refused_in_python_too() -> None:
    with pytest.raises(TypeError, match=r"^got an unexpected keyword argument 'imagesize'$"):
        ToyFaces(imagesize=32)  # type: ignore[call-arg]
