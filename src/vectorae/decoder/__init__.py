"""From raw numbers to pixels, costs and gradients; and how that changes during a run."""

from vectorae.decoder.decoder import Decoder, Feedback, draw_scene
from vectorae.decoder.highlight import highlighted
from vectorae.decoder.picture import draw_picture
from vectorae.decoder.price import worthwhile
from vectorae.decoder.raw_optimizer import RawOptimizer, half_cosine, optimize_raw
from vectorae.decoder.regrowth import Parts, keep_regrown, regrow
from vectorae.decoder.schedules import Plateaus, Schedule, SoftnessSchedule, TemperatureSchedule
from vectorae.decoder.seeding import Seeding
from vectorae.decoder.state import DrawState
from vectorae.decoder.strategy import Growth, Relocation, Strategy, Target, draw_and_measure

__all__ = [
    "Decoder",
    "DrawState",
    "Feedback",
    "Growth",
    "Parts",
    "Plateaus",
    "RawOptimizer",
    "Relocation",
    "Schedule",
    "Seeding",
    "SoftnessSchedule",
    "Strategy",
    "Target",
    "TemperatureSchedule",
    "draw_and_measure",
    "draw_picture",
    "draw_scene",
    "half_cosine",
    "highlighted",
    "keep_regrown",
    "optimize_raw",
    "regrow",
    "worthwhile",
]
