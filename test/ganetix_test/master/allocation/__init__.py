"""The instance allocator protocol."""
