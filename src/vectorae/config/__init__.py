"""Plain nested dicts to objects: the signature of a class is the schema of its section, its annotations the ranges."""

from vectorae.config.arguments import (
    Choices,
    Fraction,
    Meets,
    NonNegativeFloat,
    NonNegativeInt,
    OneOf,
    PositiveFloat,
    PositiveFraction,
    PositiveInt,
    Validated,
    check_arguments,
    check_schema,
    check_value,
    validated,
)
from vectorae.config.components import check, flatten, instantiate
from vectorae.config.resume import check_resumed_settings

__all__ = [
    "Choices",
    "Fraction",
    "Meets",
    "NonNegativeFloat",
    "NonNegativeInt",
    "OneOf",
    "PositiveFloat",
    "PositiveFraction",
    "PositiveInt",
    "Validated",
    "check",
    "check_arguments",
    "check_resumed_settings",
    "check_schema",
    "check_value",
    "flatten",
    "instantiate",
    "validated",
]
