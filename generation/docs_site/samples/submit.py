import os

import requests

answer = requests.post(
    f"{os.environ['VIDGO_URL']}/api/generate/submit",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    json={
        "model": "flux-kontext-max",
        "input": {
            "prompt": "Poster with the words GOOD MORNING in tall red letters",
            "size": "3:4",
            "output_format": "jpg",
            "seed": 42,
        },
    },
    timeout=30,
)
answer.raise_for_status()
task = answer.json()["data"]
print(task["task_id"], task["status"], task["credits_amount"])
