"""Fitting: the shapes of a scene optimized for an image, without a network."""

from vectorae.fitting.budget import Budget
from vectorae.fitting.build import build_fitting
from vectorae.fitting.fitting import Fitting
from vectorae.fitting.photos import Photo, Reader, batches
from vectorae.fitting.plan import FitPlan, build_plan
from vectorae.fitting.rates import Rates
from vectorae.fitting.record import Drawing, Record
from vectorae.fitting.state import read_state, write_state

__all__ = [
    "Budget",
    "Drawing",
    "FitPlan",
    "Fitting",
    "Photo",
    "Rates",
    "Reader",
    "Record",
    "batches",
    "build_fitting",
    "build_plan",
    "read_state",
    "write_state",
]
