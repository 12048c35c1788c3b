"""QEMU guests, with the kernel's KVM or in software, through libvirt."""
