"""The cluster in one process: a master and nodes on one fake timeline, with faults, by seeds."""
