"""The logic of every opcode, a module a verb; `table` maps opcode to unit."""
