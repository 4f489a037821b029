"""Every access rule, taken away in turn: a suite of small reads must notice each."""
