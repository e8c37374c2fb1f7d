"""What the gateway serves over HTTP: ``pages`` for people, ``v1`` for programs, ``events`` for both; read-only.

``server`` joins them into one FastAPI application; handlers run on the event loop and hand what reads the store to a
thread.
"""
