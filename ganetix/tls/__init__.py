"""The cluster's authority, TLS contexts pinned to it, and who a peer's certificate says it is."""
