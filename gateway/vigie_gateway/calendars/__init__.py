"""The sessions of the place, from the calendars that its site file names.

One thread of its own reads feeds (``feeds``), over the network under a guard or from a file (``fetch``), and has them
expanded by a short-lived process (``expansion``, ``ical``). ``vigie_gateway.place.sessions`` puts events into rooms.
"""
