"""What changes in the course of a training."""

from dataclasses import dataclass, field

from vectorae.decoder.schedules import SoftnessSchedule, TemperatureSchedule
from vectorae.decoder.seeding import Seeding
from vectorae.decoder.strategy import Growth, Relocation


@dataclass(frozen=True)
class Course:
    """How drawings are trained, from the first step to the last.

    Attributes:
        softness: how soft they are.
        temperature: how undecided the order of shapes is that have a depth.
        growth: when shapes enter: before that they have no opacity.
        relocation: of shapes that paint nothing on a whole batch.
        seeding: where those go.
    """

    softness: SoftnessSchedule = field(default_factory=SoftnessSchedule)
    temperature: TemperatureSchedule = field(default_factory=TemperatureSchedule)
    growth: Growth = field(default_factory=Growth)
    relocation: Relocation = field(default_factory=Relocation)
    seeding: Seeding = field(default_factory=Seeding)
