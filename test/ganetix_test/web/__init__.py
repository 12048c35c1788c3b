"""Tests of ganetix.web."""
