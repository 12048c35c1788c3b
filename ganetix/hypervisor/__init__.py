"""Hypervisors: the interface, the table from name to driver, and the fake one that ships."""
