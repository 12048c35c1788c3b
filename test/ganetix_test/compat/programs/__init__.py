"""The gnt-* programs of Debian, as they were published."""
