"""The tests; each folder mirrors a package, and `servers` starts the real servers."""
