"""LUXI: the local door of a cluster, JSON messages on a Unix socket."""
