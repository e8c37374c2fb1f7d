"""Having a node rehearse a session: who can, whether it may be begun now, how far it is, and what its result is worth.

``order`` and ``evidence`` are pure; ``rehearsals`` holds the one that is under way, on the ingest thread.
"""
