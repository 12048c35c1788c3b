"""The master's brain: store, configuration, locks, jobs and the logic of every opcode."""
