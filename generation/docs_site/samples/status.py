import os
import time

import requests

url = f"{os.environ['VIDGO_URL']}/api/generate/status/{os.environ['TASK_ID']}"
headers = {"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"}

pause = 2.0
while True:
    answer = requests.get(url, headers=headers, timeout=30)
    answer.raise_for_status()
    task = answer.json()["data"]
    if task["status"] in ("finished", "failed"):
        break
    time.sleep(max(pause, float(answer.headers.get("Retry-After", 0))))
    pause = min(pause * 1.5, 10)

if task["status"] == "failed":
    raise SystemExit(task["error_message"])
print(task["status"], task["files"][0]["file_url"])
