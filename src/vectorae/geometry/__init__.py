"""Pure tensor functions in canvas units: pixel centres, and the distance to each canonical outline."""

from vectorae.geometry.canvas import canvas_size, pixel_centers, to_local
from vectorae.geometry.polyline import polyline_distance
from vectorae.geometry.rounded_box import rounded_box_distance

__all__ = ["canvas_size", "pixel_centers", "polyline_distance", "rounded_box_distance", "to_local"]
