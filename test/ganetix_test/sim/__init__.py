"""The whole cluster in one process; see docs/design/simulation.md. Run by tox's environment sim."""
