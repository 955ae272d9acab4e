"""How mkdocstrings reads docstrings of this house: `Example:` has examples, and methods inherit their docstring."""

from typing import Any

import griffe


class HouseDocstrings(griffe.Extension):
    """Brings docstrings into the form that griffe knows."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each module, class, function and attribute: griffe calls examples `Examples:`."""
        if obj.docstring is not None:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Called when a package is read: methods without a docstring get that of the base class."""
        modules = [pkg]
        for module in modules:
            modules += [one for one in module.modules.values() if not one.is_alias]
            for found in module.classes.values():
                if not found.is_alias:
                    _inherit(found)


def _inherit(found: griffe.Class) -> None:
    for name, method in found.functions.items():
        if method.is_alias or method.docstring is not None:
            continue
        for base in found.mro():
            above = base.members.get(name)
            if above is not None and above.docstring is not None:
                method.docstring = above.docstring
                break
