import os

import requests

answer = requests.get(
    f"{os.environ['VIDGO_URL']}/api/generate/status/{os.environ['TASK_ID']}",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}", "Prefer": "wait=20"},
    timeout=40,
)
answer.raise_for_status()
print(answer.json()["data"]["status"], answer.headers.get("Preference-Applied"))
