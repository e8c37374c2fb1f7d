"""How long the air is taken by what people do: rates, frame durations, contention and aggregation of IEEE 802.11.

Pure. ``rates`` and ``ppdu`` come from the standard's formulas, ``sensitivity`` goes from signal to rate, ``dcf`` is
Bianchi's model, ``aggregation`` puts frames together, ``load`` asks what all of it comes to. Called by
``capacity.needs`` and ``capacity.supply``.
"""
