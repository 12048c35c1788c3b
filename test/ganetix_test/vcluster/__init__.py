"""Tests of whole virtual clusters: real processes, real sockets, real TLS."""
