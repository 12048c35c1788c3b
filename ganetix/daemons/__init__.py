"""Composition roots: where the environment, the real reactor, clock and files come in."""
