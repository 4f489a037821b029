"""Measures the gateway beside its peers and the floors below it, on one seeded estate; `./run bench` runs it."""
