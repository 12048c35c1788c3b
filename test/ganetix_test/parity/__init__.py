"""How much of the interface tables is there: walks them against a running virtual cluster.

    bin/check parity

A row that counts as done stays done: `done.json` beside this file has them all.
"""
