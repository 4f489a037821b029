"""Markers in every row and column: what must stay hidden is recognised wherever it comes out."""
