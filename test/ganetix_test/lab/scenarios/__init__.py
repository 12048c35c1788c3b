"""What is tried in the lab, with real guests: each scenario reads what its guest wrote."""
