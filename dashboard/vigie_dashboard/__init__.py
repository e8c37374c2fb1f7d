"""What a person sees: pages, templates, words and drawings. It imports the contract only.

The gateway fills the values of ``view`` and asks ``pages`` to render them; nothing here reads a database, a clock or
the network.
"""
