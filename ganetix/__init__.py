"""ganetix: virtual machines on a cluster of ordinary Linux machines, with Ganeti's interfaces."""

__version__ = "0.1.0"
