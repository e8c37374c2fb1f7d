"""The daemons on a Raspberry Pi: drivers that measure, a journal that keeps, a publisher that sends."""
