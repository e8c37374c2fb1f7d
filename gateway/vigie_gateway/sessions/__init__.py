"""The check that runs by itself before each session of the calendar.

One thread (``checks``) asks when it is time to (``due``), keeps what it was told, and gives it to the board; ``agenda``
tells pages and the exported calendar. What is asked is made of the event alone; what comes of it, by ``capacity``.
"""
