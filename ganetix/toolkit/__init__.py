"""Asynchronous pieces that know nothing of clusters: time, files, tasks, services, undo."""
