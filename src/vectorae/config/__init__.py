"""Plain nested dicts to objects: the signature of a class is the schema of its section, its annotations the ranges."""
