"""The watcher and the cleaner: what cron runs on every node to bring back what should run."""
