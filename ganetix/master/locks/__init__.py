"""Locks: levels, the pure table, and the waiters."""
