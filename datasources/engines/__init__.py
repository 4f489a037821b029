"""One module per kind of store: each carries out the reads and writes of `datasources.model`."""
