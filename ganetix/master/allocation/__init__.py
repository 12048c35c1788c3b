"""The instance allocator protocol: what is told, what comes back, programs that speak it."""
