"""Tests of ganetix.master.jobs."""
