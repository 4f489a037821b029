"""Magenta, the client database: companies, their users, plans and settings."""
