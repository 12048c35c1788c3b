"""Running programs: a frozen command, an interface, and the runner on ProcessProtocol."""
