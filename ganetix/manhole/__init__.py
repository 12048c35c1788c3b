"""A live Python console in a running daemon, for those who may be that daemon anyway."""
