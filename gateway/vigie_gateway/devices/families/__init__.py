"""Families of devices that speak in their own words, without Home Assistant.

One module each, with one class: ``claims`` says by a topic's shape whether it may be theirs, ``read`` what a message
says. To add one, copy the nearest (``esphome`` for plain values, ``zigbee2mqtt`` for JSON) and name it in
``decoding.FAMILIES``, before whatever has a wider idea of its topics.
"""
