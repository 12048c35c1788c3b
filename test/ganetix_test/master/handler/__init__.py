"""Tests of ganetix.master.handler."""
