"""Calls between master and nodes: the table of calls, the broker, client pool, server and events."""
