"""The planner: where instances go, how a cluster is balanced, what still fits.

Pure functions over an immutable model; no Twisted, no I/O. Formulas and formats are those of the
reference's htools, so that every answer can be compared with the reference's own.
"""
