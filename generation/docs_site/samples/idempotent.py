import os
import time
import uuid

import requests

# One key for one order: store it with the order before the first call.
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
        time.sleep(2**attempt)  # No answer: the order may have been taken. Ask again, same key.
        continue
    if answer.ok or not answer.json()["error"]["retryable"]:
        break
    time.sleep(float(answer.headers.get("Retry-After", 2**attempt)))
else:
    raise SystemExit("no answer after six tries")

answer.raise_for_status()
print(answer.json()["data"]["task_id"], answer.headers.get("Idempotency-Replayed", "first answer"))
