"""Tests of ganetix.testing."""
