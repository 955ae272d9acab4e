"""Pages of the documentation."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def blocks_of(page: Path) -> str:
    """The Python of a page, all blocks in their order."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return "\n\n".join(blocks)
