"""SVG documents that are compared by their numbers."""

import re


def numbers(text: str) -> tuple[str, list[float]]:
    """A document without its numbers and colours, and these; ids of gradients follow from what they hold."""
    text = re.sub(r"gradient-\d+", "gradient", text)
    found = re.findall(r"#[0-9a-f]{6}|-?\d+\.?\d*", text)
    values = [
        value
        for one in found
        for value in ([int(one[i : i + 2], 16) / 100 for i in (1, 3, 5)] if one[0] == "#" else [float(one)])
    ]
    return re.sub(r"#[0-9a-f]{6}|-?\d+\.?\d*", "0", text), values
