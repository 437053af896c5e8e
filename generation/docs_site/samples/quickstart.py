import os

import requests

url = os.environ["VIDGO_URL"]
headers = {"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"}

answer = requests.post(
    f"{url}/api/generate/submit",
    headers={**headers, "Prefer": "wait=30"},
    json={
        "model": "flux-kontext-pro",
        "input": {"prompt": "A lighthouse on a cliff at dawn, film photograph", "size": "16:9"},
    },
    timeout=60,
)
answer.raise_for_status()
task = answer.json()["data"]
print(task["task_id"], task["status"])
for file in task.get("files", []):
    print(file["file_url"])
