"""Disk drivers keep the interface."""
