"""Measurements of speed and memory: the same workloads, ours against the reference and against other packages."""
