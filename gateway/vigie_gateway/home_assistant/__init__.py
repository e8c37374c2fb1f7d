"""Tells Home Assistant what the place knows, by MQTT discovery; off unless ``gateway.toml`` turns it on.

``announcement`` says what is told, from values alone; ``announcer`` says it on the gateway's own broker.
"""
