"""The public names: those that `docs/api.md` lists, with these signatures, and no others."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import vectorae

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
LISTED = dict(re.findall(r"^\| `(\w+)(.*?)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


def called(name: str) -> str:
    """How a name is called: its parameters and their defaults; nothing for what is not called."""
    found: Any = getattr(vectorae, name)
    if isinstance(found, ModuleType | str) or (inspect.isclass(found) and issubclass(found, Exception)):
        return ""
    signature = inspect.signature(found)
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def test_every_name_is_listed() -> None:
    assert sorted(LISTED) == sorted(dir(vectorae))


@pytest.mark.parametrize("name", sorted(LISTED))
def test_it_is_called_as_the_page_says(name: str) -> None:
    assert LISTED[name] == called(name)


@pytest.mark.parametrize("name", sorted(LISTED.keys() - {"__version__"}))
def test_it_says_what_it_is(name: str) -> None:
    assert (inspect.getdoc(getattr(vectorae, name)) or "").strip()


@pytest.mark.parametrize("name", sorted(LISTED.keys() - {"__version__"}))
def test_it_has_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(getattr(vectorae, name)) or "")


def test_types_are_for_users_too() -> None:
    assert (Path(vectorae.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "PASSIVE 3000"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE None"),
        ({"GOMP_SPINCOUNT": "0"}, "None 0"),
    ],
)
def test_idle_threads_soon_sleep(given: dict[str, str], found: str) -> None:
    names = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"
    environment = {key: value for key, value in os.environ.items() if key not in names} | given
    shown = f"import os, vectorae; print(*map(os.environ.get, {names}))"
    done = subprocess.run([sys.executable, "-c", shown], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found
