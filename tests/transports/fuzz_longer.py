"""Fuzz the protocol core by hand: `python tests/transports/fuzz_longer.py [minutes]`. Prints each failing seed."""

import random
import sys
import time
import traceback

from hostile_peer import hammer


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    until = time.monotonic() + minutes * 60
    sent = failures = 0
    while time.monotonic() < until:
        seed = random.getrandbits(64)
        try:
            sent += hammer(seed, 1_000_000)
        except Exception:  # noqa: BLE001 whatever it is, it is the finding
            failures += 1
            print(f"seed {seed}")
            traceback.print_exc()
    print(f"{sent:,} bytes, {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
