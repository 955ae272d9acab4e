"""Where gradients have no length. No tensors, as this file is copied into exports."""

FARTHEST_FOCUS = 0.999
"""Of the way from the centre of a radial gradient to its end; at the end itself there would be no gradient behind."""

SHORTEST = 1e-7
"""Canvas units: linear gradients of less show their last stop everywhere, as those of no length do in SVG."""

THINNEST = 1e-5
"""Canvas units: the same for ellipses of radial gradients, across: in single precision thinner ones are lines."""
