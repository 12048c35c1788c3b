"""Rows of the table of calls, a module for each domain; `ganetix.rpc.calls` joins them."""
