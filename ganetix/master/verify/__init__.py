"""Pure checks over gathered facts: what is wrong, and the command that mends it."""
