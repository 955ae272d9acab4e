"""Pages of the documentation: their Python, and their command lines.

Hidden comments say what a reader does not need to see: ``<!-- setup`` with lines that run before what follows, and
``<!-- not run: why -->`` before a block that no test runs.
"""

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
}
"""Those that are written by hand, by name."""

PRELUDE = "import torch\n\nimport vectorae"
"""Before the Python of every page."""

_PART = re.compile(
    r"<!-- setup\n(?P<setup>.*?)\n-->"
    r"|(?:<!-- not run: (?P<reason>[^>]*?) -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Part:
    """A block of a page.

    Attributes:
        language: of the block: ``python``, ``bash`` …
        code: what stands in it.
        line: of the page, from 1, where the code begins.
        reason: why no test runs it; empty for what is run.
    """

    language: str
    code: str
    line: int
    reason: str


def parts_of(page: Path) -> list[Part]:
    """The blocks of a page in their order; what is set up out of sight is Python too."""
    text, parts = page.read_text(encoding="utf-8"), []
    for match in _PART.finditer(text):
        group = "setup" if match["setup"] is not None else "code"
        line = text.count("\n", 0, match.start(group)) + 1
        parts.append(Part(match["language"] or "python", match[group], line, match["reason"] or ""))
    return parts


def blocks_of(page: Path) -> str:
    """The Python of a page as a module, all blocks in their order, whether they are run or not."""
    return "\n\n".join([PRELUDE, *(part.code for part in parts_of(page) if part.language == "python")])


def commands_of(page: Path) -> list[list[str]]:
    """The command lines of a page as words, those that are joined by ``&&`` one by one."""
    found = []
    for part in parts_of(page):
        if part.language != "bash" or part.reason:
            continue
        for line in part.code.replace("\\\n", " ").splitlines():
            command: list[str] = []
            for word in [*shlex.split(line, comments=True), "&&"]:
                if word != "&&":
                    command.append(word)
                elif command:
                    found.append(command)
                    command = []
    return found


def write_modules(folder: Path) -> None:
    """Write the Python of each page that has some to a module of the package ``pages`` in a folder."""
    package = folder / "pages"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, page in PAGES.items():
        if any(part.language == "python" and not part.reason for part in parts_of(page)):
            (package / re.sub(r"\W", "_", name)).with_suffix(".py").write_text(blocks_of(page), "utf-8")


if __name__ == "__main__":
    write_modules(Path(sys.argv[1]))
