"""Hypervisor drivers keep the interface."""
