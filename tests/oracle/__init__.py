"""The ownership rules and the meaning of lists, written a second time and by brute force.

Nothing here imports the gateway: a mistake there can't repeat itself here. Called by `tests/access`.
"""
