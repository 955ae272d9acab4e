"""Fitting: the shapes of a scene optimized for an image, without a network."""

from vectorae.fitting.coarse import Coarse
from vectorae.fitting.fitting import Fitting
from vectorae.fitting.plan import Budget, FitPlan
from vectorae.fitting.rates import Rates
from vectorae.fitting.replacement import Replacement

__all__ = ["Budget", "Coarse", "FitPlan", "Fitting", "Rates", "Replacement"]
