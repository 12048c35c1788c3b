"""Clients of the remote API as they were published, unmodified."""
