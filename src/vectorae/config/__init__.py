"""Plain nested dicts to objects: the signature of a class is the schema of its section, its annotations the ranges."""

from vectorae.config.arguments import (
    Choices,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    OneOf,
    PositiveFloat,
    PositiveFraction,
    PositiveInt,
    check_arguments,
    validate,
    validated,
)
from vectorae.config.components import check, flatten, instantiate

__all__ = [
    "Choices",
    "Fraction",
    "NonNegativeFloat",
    "NonNegativeInt",
    "OneOf",
    "PositiveFloat",
    "PositiveFraction",
    "PositiveInt",
    "check",
    "check_arguments",
    "flatten",
    "instantiate",
    "validate",
    "validated",
]
