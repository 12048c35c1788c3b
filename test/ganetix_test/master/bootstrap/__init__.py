"""Tests of the ways to a node that has no certificate yet."""
