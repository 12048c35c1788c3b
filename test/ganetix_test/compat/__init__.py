"""Clients as they were published, unmodified, against a virtual cluster.

`bin/check compat` fetches them: Debian's packages, which are only unpacked, and PyPI's spicerack.
"""
