"""The place's own authority and the certificates that it gives: to the broker for nodes, to the gateway for browsers.

``authority`` makes and reads them and is the one module that knows cryptography; ``kept`` keeps them in their files.
Nothing of it is loaded while the gateway runs: the commands and the doctor use it.
"""
