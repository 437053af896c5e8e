"""`python -m sandbox.vendors --port 9100`: the local vendors, until interrupted."""

from __future__ import annotations

import argparse
import sys

from aiohttp import web

from sandbox.vendors import bfl, fal, replicate
from sandbox.vendors.server import application

SETTINGS = """\
The local vendors listen on {url}. To have Vidgo use them, start it with

  export BFL_API_KEY={bfl} BFL_BASE_URL={url}/bfl
  export FAL_KEY={fal} FAL_BASE_URL={url}/fal FAL_JWKS_URL={url}/fal/.well-known/jwks.json
  export REPLICATE_API_TOKEN={replicate} REPLICATE_BASE_URL={url}/replicate
  export VIDGO_ALLOW_LOOPBACK_URLS=true

Control: curl -d '{{"fal": {{"crash": 1}}}}' {url}/_switch, and curl {url}/_bought
"""


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    port = parser.parse_args().port
    url = f"http://127.0.0.1:{port}"
    keys = {"bfl": bfl.KEY, "fal": fal.KEY, "replicate": replicate.KEY}
    sys.stdout.write(SETTINGS.format(url=url, **keys))
    sys.stdout.flush()
    app, _ = application(url)
    web.run_app(
        app, host="127.0.0.1", port=port, access_log=None, print=None, handler_cancellation=True
    )


if __name__ == "__main__":
    main()
