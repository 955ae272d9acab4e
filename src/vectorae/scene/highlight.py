"""How one shape is made visible among the others."""

HIGHLIGHT = {(1.0, 1.0, 1.0): 0.032, (1.0, 0.0, 0.6): 0.014}
"""Colours of the strokes that are drawn along its outline, and their widths in canvas units: the first, a light one,
sets the other off from what lies below."""
