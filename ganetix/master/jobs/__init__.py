"""The job queue: records, scheduler, persistence, execution."""
