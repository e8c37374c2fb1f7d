"""Nodes are let in and put out: their lines in the broker's password file, and the door where a new one asks for one.

Used by the commands ``node`` and ``certificates``, as root, in a process of their own: the gateway itself may neither
write the broker's files nor signal it, and what listens to strangers lives only as long as somebody waits for a node.
"""
