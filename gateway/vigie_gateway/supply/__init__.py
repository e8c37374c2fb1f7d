"""What a room of this place will offer at a time to come, out of its own store, site file and calendars.

``supplies`` puts together a ``capacity.supply.Supply``, which the pure ``capacity.check`` judges: ``past`` remembers
hours of the store, ``network`` and ``building`` read resources from them, ``diary`` knows what takes place and whether
the room is open.
"""
