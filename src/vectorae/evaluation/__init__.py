"""How good drawings are: metrics on a split, baselines, the best found by search, and the network that reads digits."""
