"""The gateway: takes readings off the bus, judges, stores and serves them, and shows the place on a live board."""
