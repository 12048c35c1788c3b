"""Tests of the units of logic."""
