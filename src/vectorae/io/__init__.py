"""Files: images, sheets of them, animations, atomic writes, progress bars and signals."""
