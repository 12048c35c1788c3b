"""How a cluster begins: its first configuration, and the first certificate of a node."""
