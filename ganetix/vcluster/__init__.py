"""Virtual clusters: several nodes on one machine, each in a directory with a loopback address."""
