"""Tests of ganetix.rpc."""
