"""The rules of this house that no tool knows, as tests over the syntax of our own source."""
