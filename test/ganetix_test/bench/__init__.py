"""`bin/bench`: how fast a cluster is, by LUXI and the gnt-* programs alone.

Nothing here knows which implementation answers. Only the standard library and our blocking client
are used, so that it starts with any Python.
"""
