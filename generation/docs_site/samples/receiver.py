import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["VIDGO_WEBHOOK_SECRET"].removeprefix("whsec_"))
seen: set[str] = set()  # In production, use a table with a unique column.


def is_genuine(body: bytes, message_id: str, sent_at: str, signatures: str) -> bool:
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f"{message_id}.{sent_at}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    # While the secret is rotated there are two signatures; one match is enough.
    return any(
        hmac.compare_digest(expected.encode(), given.encode()) for given in signatures.split(" ")
    )


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message_id = self.headers.get("webhook-id", "")
        genuine = is_genuine(
            body,
            message_id,
            self.headers.get("webhook-timestamp", ""),
            self.headers.get("webhook-signature", ""),
        )
        self.send_response(204 if genuine else 400)
        self.end_headers()
        if genuine and message_id not in seen:
            seen.add(message_id)
            task = json.loads(body)["data"]
            print(task["task_id"], task["status"], flush=True)


ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Receiver).serve_forever()
