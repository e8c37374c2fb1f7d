"""Devices of others that the bus knows of: what they are, what they say, since when. Decoding is ``devices``."""
