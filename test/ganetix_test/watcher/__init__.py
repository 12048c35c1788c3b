"""Tests of the watcher and the cleaner."""
