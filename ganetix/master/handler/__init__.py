"""The door: what each LUXI method does."""
