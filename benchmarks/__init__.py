"""Measurements of speed and memory: the same workloads, drawn by Vectorae, by its reference and by other packages."""
