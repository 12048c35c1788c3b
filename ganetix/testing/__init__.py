"""Fakes, factories of shared tests and the in-process cluster, for tests of ganetix and of drivers."""
