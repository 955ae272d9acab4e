"""Fitting: the shapes of a scene optimized for an image, without a network."""

from vectorae.fitting.fitting import Fitting
from vectorae.fitting.plan import Budget, FitPlan
from vectorae.fitting.rates import Rates

__all__ = ["Budget", "FitPlan", "Fitting", "Rates"]
