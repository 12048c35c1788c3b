"""The configuration: transactions and what is distributed of it."""
