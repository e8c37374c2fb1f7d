"""What the place is: rooms, doors, outlets, circuits and Wi-Fi of ``site.toml``, and what readings make of them.

``site`` reads the file; ``board`` holds live values and makes the views; everything between is pure: values and a time
in, values out. Start reading at ``board``.
"""
