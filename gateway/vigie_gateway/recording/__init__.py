"""The bus as a file: what it said, when, and said again elsewhere. For incidents, tuning and tests.

``line`` is the form of one message in the file; ``recorder`` writes and ``replayer`` reads it; ``wire`` is the
connection of both. Called by the commands ``record`` and ``replay``; the gateway that runs has no part in it.
"""
