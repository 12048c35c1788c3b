"""Tests of ganetix.tls."""
