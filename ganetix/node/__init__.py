"""The node side: what a machine of the cluster does when the master asks, a module a domain."""
