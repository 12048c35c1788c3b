"""The gnt-* commands: they parse, ask the master daemon over LUXI, and print."""
