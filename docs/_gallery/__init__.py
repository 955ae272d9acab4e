"""The pictures of the documentation: every kind, layout and profile, and the recipes of the paper."""
