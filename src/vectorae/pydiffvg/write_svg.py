"""Shapes and groups as SVG documents."""

import math
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import torch
from torch import Tensor

from vectorae.geometry.curve import flatten
from vectorae.geometry.stroke_outline import stroke_outlines
from vectorae.geometry.stroke_style import PLAIN
from vectorae.io.atomic import write_atomically
from vectorae.pydiffvg.contours import corners_of
from vectorae.pydiffvg.recording import RecordedGroup, RecordedShape, record
