"""The gateway: one GraphQL API over the databases in `datasources`."""

# As in pyproject.toml, which the image lacks.
__version__ = "0.1.0"
