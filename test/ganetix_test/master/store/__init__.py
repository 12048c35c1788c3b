"""Tests of ganetix.master.store."""
