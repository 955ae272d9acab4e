"""Pure tensor functions in canvas units: pixel centres, distances to outlines, flattened curves, enclosed regions."""

from vectorae.geometry.canvas import canvas_size, pixel_centers, to_local
from vectorae.geometry.curve import flatten, polyline_length
from vectorae.geometry.region import Boundary, area_and_perimeter, boundary, covered_area, is_inside
from vectorae.geometry.rounded_box import rounded_box_distance
from vectorae.geometry.segment import nearest_segment_distance, segment_distance

__all__ = [
    "Boundary",
    "area_and_perimeter",
    "boundary",
    "canvas_size",
    "covered_area",
    "flatten",
    "is_inside",
    "nearest_segment_distance",
    "pixel_centers",
    "polyline_length",
    "rounded_box_distance",
    "segment_distance",
    "to_local",
]
