"""Networks of this node: which addresses it owns."""
