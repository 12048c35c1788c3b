"""The node side does what the master asks, and refuses in sentences."""
