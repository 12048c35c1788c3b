"""The planner against the reference: the same clusters, the same answers."""
