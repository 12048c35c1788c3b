"""The tests of ganetix; the tree below mirrors the package."""
