"""What is tried in the lab: each scenario reads what is on a disk, or what its guest told."""
