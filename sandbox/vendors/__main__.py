"""`python -m sandbox.vendors`: run the local vendors until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from sandbox.vendors import bfl, fal, replicate
from sandbox.vendors.server import Vendors

SETTINGS = """\
The local vendors listen on {url}. To have Vidgo use them, start it with

  export BFL_API_KEY={bfl} BFL_BASE_URL={url}/bfl
  export FAL_KEY={fal} FAL_BASE_URL={url}/fal FAL_JWKS_URL={url}/fal/.well-known/jwks.json
  export REPLICATE_API_TOKEN={replicate} REPLICATE_BASE_URL={url}/replicate
  export VIDGO_ALLOW_LOOPBACK_URLS=true

Control: curl -d '{{"fal": {{"crash": 1}}}}' {url}/_switch, and curl {url}/_bought
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.vendors", description=__doc__)
    parser.add_argument("--port", type=int, default=9100, help="0 for any free port")
    port = parser.parse_args(arguments).port
    # Both, as a shell starts background jobs with SIGINT ignored.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.default_int_handler)
    try:
        with Vendors(port=port) as vendors:
            keys = {"bfl": bfl.KEY, "fal": fal.KEY, "replicate": replicate.KEY}
            sys.stdout.write(SETTINGS.format(url=vendors.url, **keys))
            sys.stdout.flush()
            threading.Event().wait()
    except KeyboardInterrupt:
        sys.stdout.write("Stopped.\n")
    except OSError as error:
        parser.error(f"cannot listen on port {port}: {error.strerror}")


if __name__ == "__main__":
    main()
