"""Guest operating systems: definitions on disk, their environment, and runs of their scripts."""
