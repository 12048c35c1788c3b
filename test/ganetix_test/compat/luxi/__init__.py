"""The library that Debian's programs speak LUXI with, as it was published."""
