"""From raw numbers to pixels, and what changes about it in the course of a run."""

from vectorae.decoder.course import Course
from vectorae.decoder.schedules import Plateaus, SoftnessSchedule, TemperatureSchedule
from vectorae.decoder.seeding import Seeding
from vectorae.decoder.strategy import Growth, Relocation
from vectorae.decoder.visible import visible_pixels

__all__ = [
    "Course",
    "Growth",
    "Plateaus",
    "Relocation",
    "Seeding",
    "SoftnessSchedule",
    "TemperatureSchedule",
    "visible_pixels",
]
