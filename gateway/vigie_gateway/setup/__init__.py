"""Set-up in the browser: what people typed of a place, until it is the place's file.

Called by ``api.setup`` on request threads. ``draft`` keeps what was typed, ``identity``, ``rooms``, ``doors`` and
``outlets`` read it, ``recipe`` writes it into ``site.toml``, ``site_file`` puts the file in its place.
"""
