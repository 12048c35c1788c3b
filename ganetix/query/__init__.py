"""Queries: fields as tables, the filter language, results. Pure functions over gathered rows."""
