"""Devices of others: what smart plugs, Zigbee sensors and ESPHome nodes say on the bus becomes measures.

Step 6 of a reading's way for whatever does not speak our protocol. ``decoding.Decoding`` is handed each message of the
second MQTT client, on its ingest thread, and answers with measures, announcements, or the one reason why there are
none. Nothing here does I/O, reads a clock or publishes: times come with the message.

Starting to read: ``measures`` (what is said), ``decoding`` (who is asked), then the nearest family. A new family is one
module with a ``read`` function, named in ``decoding``.
"""
