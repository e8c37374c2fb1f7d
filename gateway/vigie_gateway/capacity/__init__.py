"""Will a session fit: what it needs, what the place offers then, and which resource gives in first.

Pure: values and times in, values out; nothing here reads a store, a file or a clock, or needs a library of others.
Start reading at ``check``: it is the whole public surface, with ``activities`` (what people do), ``question`` (what is
asked), ``supply`` (what was measured here, made with ``forecast``) and ``answer``. ``airtime`` is the physics.
The science and its sources: docs/capacity.md.
"""
