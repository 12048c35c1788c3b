"""Tests of ganetix.cli."""
