"""The one error that decoding raises, on whichever thread decodes."""


class ContractError(ValueError):
    """Bytes that are not what the protocol says.

    Attributes:
        reason: One word of ``REFUSALS``, to count by.
        detail: One sentence for a person: where, what was found, what was expected.
        span: ``(journal, first, count)`` of the sequence numbers that the pack claimed, when its envelope could be
            read: the gateway can then go past them and record the gap. None when not even that is known.
        floor: The pack's floor, beside ``span``; 0 when that is not known.
    """

    def __init__(self, reason: str, detail: str, span: tuple[str, int, int] | None = None, floor: int = 0) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.span = span
        self.floor = floor


REFUSALS = {
    "topic": "the topic is none of ours",
    "too-large": "the payload is larger than a pack may be",
    "not-utf8": "the payload is not UTF-8 text",
    "not-json": "the payload is not JSON",
    "shape": "the JSON is not of the shape that the topic asks for",
    "missing": "a required field is missing",
    "type": "a field is of another type",
    "range": "a number is outside of what the field may hold",
    "unit": "the unit is not the quantity's",
    "id": "an identifier has other characters than a-z, 0-9 and -, or is too long",
}
"""Every reason that a ContractError can carry, with what it means."""


def shown(value: object, characters: int = 40) -> str:
    """A refused value as a person may read it in ``detail``: cut short, one line, and safe to make.

    A list or an object is only named: writing one out would recurse as deep as its sender nested it, and fail there.
    """
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    # 200 characters of a text are enough to fill any detail; repr escapes what cannot be printed.
    text = repr(value[:200] if isinstance(value, str) else value)
    return text if len(text) <= characters else text[: characters - 1] + "…"
