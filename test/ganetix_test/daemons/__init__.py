"""Tests of `ganetix.daemons`."""
