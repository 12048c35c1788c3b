"""Comparisons with the reference implementation and its clients."""
