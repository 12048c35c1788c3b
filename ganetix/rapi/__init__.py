"""The remote API: HTTP in front of the master daemon, spoken to over LUXI."""
