"""Plain nested dicts to objects: the signature of a class is the schema of its section."""

from vectorae.config.arguments import check_arguments
from vectorae.config.components import check, flatten, instantiate

__all__ = ["check", "check_arguments", "flatten", "instantiate"]
