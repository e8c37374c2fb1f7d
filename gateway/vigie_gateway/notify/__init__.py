"""Telling people: one outbox between what happened and every notifier.

``plan`` (pure) says who is to be told of what, and when; ``outbox`` keeps it on the disk with the transition that it is
about, and marks it after success; ``notifiers/`` has one file for each way of telling.
"""
