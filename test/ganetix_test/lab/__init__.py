"""The lab: nodes that are kernels of their own, with real LVM, DRBD, libvirt and guests."""
