"""Tests of `ganetix.master.config`."""
