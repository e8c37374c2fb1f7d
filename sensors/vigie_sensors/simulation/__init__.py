"""A simulated day for a node without hardware: the fake backend at the lowest seam, as the demo runs it.

``install`` is called by the daemon when ``sensors.toml`` has a ``[simulation]`` table, before any driver is opened.
The drivers, the journal and the publisher above the pins are those of a real place. To read it, begin at ``day``: it
says what happens. ``pins``, ``serial_line`` and ``radio`` make the hardware tell it; ``history`` tells what was before.
"""

from vigie_sensors.simulation.installation import Simulation, install

__all__ = ["Simulation", "install"]
