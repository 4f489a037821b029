"""The real servers that the tests run against: found, installed, started, stopped and counted.

Tests ask for the fixtures of `fixtures.py`; a developer runs `python -m tests.servers`.
"""
