"""The benchmark's own arithmetic, and that what it says elsewhere is what it measured."""
