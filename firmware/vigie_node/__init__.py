"""A Vigie node on a microcontroller: MicroPython on a Pico W, Pico 2 W or ESP32.

``node`` runs the loop, on the one thread that there is. Each second and at each edge of a pin, ``channels`` say what
was measured; ``journal`` keeps it under the next number; ``link`` sends it and forgets what a gateway has on its
disk. Only ``boards`` knows hardware. All of it also runs on CPython, for tests.
"""

VERSION = "0.1.0"
