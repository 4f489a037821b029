"""Many subscribers, writers of both kinds, and everything that can fail, failing: does each still get what is theirs?

All of it looks at the gateway from outside. `python -m tests.storm` runs it large; `test_storm.py` small.
"""
