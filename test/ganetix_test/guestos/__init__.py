"""OS definitions are read, negotiated and run as their interface says."""
