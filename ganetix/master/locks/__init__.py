"""Locks on what an operation touches: levels, a table of who holds what, and the waiting."""
