"""What a node knows of its networks."""
