"""``vigie-gateway doctor``: what is wrong with this installation, in sentences, each with its remedy.

Checks are functions that take what they look at and return findings (``findings``). ``checkup`` runs them in order,
each for a limited time.
"""
