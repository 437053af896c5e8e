import os

import requests

query = {"status": "finished", "limit": "50"}
while True:
    answer = requests.get(
        f"{os.environ['VIDGO_URL']}/api/generate/tasks",
        headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
        params=query,
        timeout=30,
    )
    answer.raise_for_status()
    page = answer.json()["data"]
    for task in page["tasks"]:
        print(task["task_id"], task["created_time"], task["credits_amount"])
    if page["next_before"] is None:
        break
    query["before"] = page["next_before"]
