"""ONNX Runtime for browsers: fetched once through npm, or named by its address."""

import base64
import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

from vectorae.errors import UserError, reason
from vectorae.io.atomic import write_atomic

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"

BUILDS = {
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
}
"""Device → script and program: pages begin with the first, and try the other where an image takes long."""

INTEGRITY = {
    "ort.wasm.bundle.min.mjs": "sha384-PLWz+nHEVHpjwBsO0YVdvQj6n5814Iv8E3b8FG0Rp/uIAtjFMCKOpP66iPzedrIG",
    "ort-wasm-simd-threaded.wasm": "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
    "ort.webgpu.bundle.min.mjs": "sha384-1ntMeyj+z5diX6vBR5h+zlJBPc4iNvhCxE6nlammh8daBYcLBZkzrwDkuJjhwI+f",
    "ort-wasm-simd-threaded.asyncify.wasm": "sha384-EPVDLTxuO663dkZO/pcKJF6vOyyfq/5z9FY1oksN0UWFX2ABH4wDDZQHeNoUleWR",
}
"""The files, and what they must be, as HTML says it."""

CDN = "https://cdn.jsdelivr.net"
"""A host of files of npm's packages."""

FOLDER = "runtime"
"""Where they lie in a page's folder."""

PATIENCE = 600
"""Seconds that npm may take."""


Runtime = dict[str, dict[str, str]]
"""Device → script and program by their addresses, for ``site.json``; of a delivery network with what they must be."""


def linked() -> Runtime:
    """The runtime at a content delivery network."""
    where = f"{CDN}/npm/{PACKAGE}@{VERSION}/dist"
    return {
        device: {
            "script": f"{where}/{script}",
            "script_integrity": INTEGRITY[script],
            "binary": f"{where}/{binary}",
            "binary_integrity": INTEGRITY[binary],
        }
        for device, (script, binary) in BUILDS.items()
    }


def copied(folder: Path) -> Runtime:
    """Put the runtime into a page's folder, programs packed by gzip.

    Args:
        folder: of the page.

    Raises:
        UserError: npm is missing, fails, or delivers something else.
    """
    cache, described = _cached(), {}
    for device, (script, binary) in BUILDS.items():
        described[device] = {"script": f"{FOLDER}/{script}", "binary": f"{FOLDER}/{binary}.gz"}
        write_atomic(folder / FOLDER / script, (cache / script).read_bytes())
        # Without a time and a name the same content is packed the same.
        write_atomic(folder / FOLDER / f"{binary}.gz", gzip.compress((cache / binary).read_bytes(), 6, mtime=0))
    return described


def _cached() -> Path:
    """The folder in the user's cache where the files lie, each as it must be."""
    folder: Path = user_cache_path("vectorae", appauthor=False) / PACKAGE / VERSION
    if not all((folder / name).is_file() and is_right(name, (folder / name).read_bytes()) for name in INTEGRITY):
        for name, content in _fetched().items():
            write_atomic(folder / name, content)
    return folder


def is_right(name: str, content: bytes) -> bool:
    """Whether a file's content is what it must be."""
    return INTEGRITY[name] == f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


def _fetched() -> dict[str, bytes]:
    """The files' contents by name, out of the package that npm delivers."""
    instead = "; or write runtime=cdn, for a page that fetches it from a host of such files"
    npm = shutil.which("npm")
    if npm is None:
        raise UserError(f"runtime: {PACKAGE} is fetched once, by npm, which is missing; install Node.js{instead}")
    with TemporaryDirectory() as place:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", place]
        try:
            subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, timeout=PATIENCE)
            (archive,) = Path(place).glob("*.tgz")
            files = _unpacked(archive.read_bytes())
        except (OSError, subprocess.SubprocessError, tarfile.TarError, ValueError, KeyError) as error:
            said = getattr(error, "stderr", None)
            why = reason(ValueError(said)) if said else reason(error)
            raise UserError(f"runtime: npm cannot fetch {PACKAGE}@{VERSION} ({why}); try again{instead}") from error
    wrong = [name for name, content in files.items() if not is_right(name, content)]
    if wrong:
        raise UserError(f"runtime: npm delivers another {wrong[0]} of {PACKAGE}@{VERSION} than is pinned{instead}")
    return files


def _unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        contents = {}
        for name in INTEGRITY:
            file = package.extractfile(f"package/dist/{name}")
            if file is None:
                raise ValueError(f"{name} is no file")
            contents[name] = file.read()
    return contents
