"""A trained model at work: image files to SVG files, and new drawings."""
