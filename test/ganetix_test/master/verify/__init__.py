"""Tests of the checks of gnt-cluster verify."""
