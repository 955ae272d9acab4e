"""Which shapes take part: when they enter and where, and what becomes of those that paint nothing."""

from vectorae.population.growth import Growth, Revival
from vectorae.population.seeding import Seeding
from vectorae.population.visible import visible_pixels

__all__ = ["Growth", "Revival", "Seeding", "visible_pixels"]
