"""Readings come in here: off the bus, through decoding and quality, into live state and the store; then the answer.

``bus`` owns the network thread, ``pipeline`` the ingest thread between it and the store, ``journals`` decides what
of a node's journal is next in line, ``refusals`` counts what was not taken.
"""
