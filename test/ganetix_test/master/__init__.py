"""Tests that mirror the rooms of ganetix."""
