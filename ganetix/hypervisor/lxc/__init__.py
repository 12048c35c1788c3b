"""Linux containers through libvirt."""
