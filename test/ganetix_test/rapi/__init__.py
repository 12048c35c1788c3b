"""Tests of `ganetix.rapi`."""
