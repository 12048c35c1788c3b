"""The planner's programs of Debian, as they were published."""
