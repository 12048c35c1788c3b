"""The options of the gnt-* commands as data, a module for each program and one for all."""
