"""The remote API's own description, held against a running cluster by generated requests."""
