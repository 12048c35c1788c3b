"""What can be asked: one frozen struct an opcode, a module a noun, `table` in plain sight."""
