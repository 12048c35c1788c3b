"""Calls between master and nodes: table, codec, broker, client pool, server and events."""
