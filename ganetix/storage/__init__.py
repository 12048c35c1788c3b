"""Disks: the interface, the table from disk type to driver, and the drivers on plain files."""
