"""Files and the terminal: images, sheets of them, animations, atomic writes, progress bars and signals."""
