import os

import requests

answer = requests.post(
    f"{os.environ['VIDGO_URL']}/api/generate/cancel/{os.environ['TASK_ID']}",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    timeout=30,
)
if answer.status_code == 409:
    print("Too late:", answer.json()["error"]["message"])
else:
    answer.raise_for_status()
    print(answer.json()["data"]["status"], answer.json()["data"]["error_message"])
