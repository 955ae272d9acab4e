"""What changes in the course of a training."""

from dataclasses import dataclass, field

from vectorae.population import Growth, Revival, Seeding
from vectorae.rasterizer import SoftnessSchedule, TemperatureSchedule


@dataclass(frozen=True)
class Course:
    """How drawings are trained, from the first step to the last.

    Attributes:
        softness: how soft they are.
        temperature: how undecided the order of shapes is that have a depth.
        growth: when shapes enter: before that they have no opacity.
        revival: of shapes that paint nothing on a whole batch.
        seeding: where those go.
    """

    softness: SoftnessSchedule = field(default_factory=SoftnessSchedule)
    temperature: TemperatureSchedule = field(default_factory=TemperatureSchedule)
    growth: Growth = field(default_factory=Growth)
    revival: Revival = field(default_factory=Revival)
    seeding: Seeding = field(default_factory=Seeding)
