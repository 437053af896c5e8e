import os
import time
import uuid

import requests

# One key per request: store it with the request before the first attempt.
key = str(uuid.uuid4())

for attempt in range(6):
    try:
        answer = requests.post(
            f"{os.environ['VIDGO_URL']}/api/generate/submit",
            headers={
                "Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}",
                "Idempotency-Key": key,
            },
            json={"model": "flux-kontext-pro", "input": {"prompt": "A paper boat on a pond"}},
            timeout=30,
        )
    except requests.RequestException:
        time.sleep(2**attempt)  # No response: retry with the same key.
        continue
    if answer.ok or not answer.json()["error"]["retryable"]:
        break
    time.sleep(float(answer.headers.get("Retry-After", 2**attempt)))
else:
    raise SystemExit("no response after six attempts")

answer.raise_for_status()
print(answer.json()["data"]["task_id"], answer.headers.get("Idempotency-Replayed", "new"))
