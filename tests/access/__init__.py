"""The running gateway held against the oracle: who sees which rows, by every way of reading them."""
