"""Fitting: the shapes of a scene optimised for an image, without a network."""

from vectorae.fitting.fitting import Fitting, Plan
from vectorae.fitting.growth import Budget, Growth, Revival
from vectorae.fitting.rates import Rates
from vectorae.fitting.seeding import Seeding

__all__ = ["Budget", "Fitting", "Growth", "Plan", "Rates", "Revival", "Seeding"]
