"""Fitting: the shapes of a scene optimised for an image, without a network."""

from vectorae.fitting.budget import Budget
from vectorae.fitting.fitting import Fitting, Plan
from vectorae.fitting.photos import Photo, Reader, batches
from vectorae.fitting.plan import build_plan
from vectorae.fitting.rates import Rates
from vectorae.fitting.record import Drawing, Record
from vectorae.fitting.state import read_state, write_state

__all__ = [
    "Budget",
    "Drawing",
    "Fitting",
    "Photo",
    "Plan",
    "Rates",
    "Reader",
    "Record",
    "batches",
    "build_plan",
    "read_state",
    "write_state",
]
