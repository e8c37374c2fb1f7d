"""Templates that devices announce, evaluated without rendering them.

Home Assistant lets a device say by a Jinja template where in its messages a value stands. Jinja's sandbox holds back
escapes but not what takes for ever, so nothing here is ever rendered by Jinja: ``syntax`` has its parser read the text,
keeps the few kinds of node that templates of devices are made of, and refuses the rest; ``values`` and ``words`` hold
what those may do. A template that is refused leaves its entity listed, with the template, and never guessed.
"""
