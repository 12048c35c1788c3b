"""Tests of ganetix.process."""
