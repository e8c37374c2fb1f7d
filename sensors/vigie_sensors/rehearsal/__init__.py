"""A rehearsal: whether the line holds what a session will ask of it, tried at just that rate and within a byte budget.

Asked for by a gateway (see ``commands``), run by a node on the room's own access point, against a far end that the
node's own configuration names. ``course`` decides, purely; ``streams`` moves the bytes; ``trial`` puts them together;
``far_end`` is the other side, on a second node or a hub.
"""
