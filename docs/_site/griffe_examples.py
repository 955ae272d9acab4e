"""Docstrings have `Example:` where griffe, which reads them for mkdocstrings, knows `Examples:`."""

from typing import Any

import griffe


class SingularExamples(griffe.Extension):
    """Reads an example as examples."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
