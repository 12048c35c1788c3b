"""Fakes, factories of shared tests, the in-process cluster: for tests of ganetix and of drivers."""
