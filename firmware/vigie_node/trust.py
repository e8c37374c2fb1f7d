"""TLS that trusts one authority, and nobody else. Called by the boards' ``tls``; the same on all of them."""

import binascii
import sys


def context(authority: bytes) -> object:
    """What wraps a socket.

    Args:
        authority: PEM of the only one that is trusted. Empty trusts everybody: for the first step of an enrolment
        alone, which proves otherwise whom it speaks with.
    """
    if sys.implementation.name == "micropython":
        import tls  # type: ignore[import-not-found]  # MicroPython's

        made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        made.verify_mode = tls.CERT_REQUIRED if authority else tls.CERT_NONE
        if authority:
            made.load_verify_locations(der(authority))
        return made
    import ssl

    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        found.load_verify_locations(cadata=der(authority))
    else:
        found.check_hostname = False
        found.verify_mode = ssl.CERT_NONE
    return found


def der(pem: bytes) -> bytes:
    """The certificate itself: not every port reads the text around it."""
    lines = [line.strip() for line in pem.split(b"\n")]
    return binascii.a2b_base64(b"".join([line for line in lines if line and line[:1] != b"-"]))
