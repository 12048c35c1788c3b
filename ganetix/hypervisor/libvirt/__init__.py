"""Guests through libvirt: what all drivers that use it have in common."""
