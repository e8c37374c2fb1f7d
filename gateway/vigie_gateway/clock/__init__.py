"""Whether the gateway's own clock is right, and who says so: nothing is stored before that is known.

``belief`` judges, ``word`` keeps what was said of the clock across a restart, ``rtc`` asks the battery-backed clock,
``watch`` puts them together for the ingest thread. ``commands.clock`` lets a person vouch.
"""
