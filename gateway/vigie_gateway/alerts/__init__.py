"""Alerts: what is wrong, since when, why, and who has it in hand.

The way of an alert (docs/alerts.md): ``signals`` say what is now, ``engine`` compares them with the ``rules``,
``causes`` finds which alert explains which, ``book`` keeps what changed on the disk together with whom to tell, and
``notify`` tells them. All but ``book`` and ``watch`` are pure: values and a time in, values out.
"""
