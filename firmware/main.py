"""Started by MicroPython at power-up: takes the copy of the program that is to run, and runs it for ever."""

import sys

import slots

if __name__ == "__main__":
    slot = slots.choose("")
    sys.path.insert(0, "/" + slot)
    try:
        from vigie_node.main import run

        run(slot)
    except Exception as error:  # noqa: BLE001 - whatever a copy does wrong, the next start must come
        sys.print_exception(error)  # type: ignore[attr-defined]  # MicroPython's
        import time

        import machine  # type: ignore[import-not-found]  # MicroPython's

        time.sleep(5)
        machine.reset()
