"""Wikimedia's spicerack, as it was published."""
