"""Tests of ganetix.luxi."""
