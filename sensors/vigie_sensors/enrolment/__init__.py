"""``vigie-sensors enrol``: this node gets its credential by a one-time code, keeps it, and sees whether it is heard.

``asking`` speaks with the gateway's machine, ``sensors_file`` writes into sensors.toml, ``keeping`` puts the files in
their places, ``round_trip`` tries them; ``course`` is the whole. Nothing here is loaded by the daemon.
"""
