"""The commands that ask the planner themselves, on what the master daemon knows."""
