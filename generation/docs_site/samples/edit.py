import os

import requests

answer = requests.post(
    f"{os.environ['VIDGO_URL']}/api/generate/submit",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    json={
        "model": "flux-kontext-pro-edit",
        "input": {
            "prompt": "Make it night, with the windows lit",
            "image_urls": [os.environ["IMAGE_URL"]],
            "size": "4:3",
        },
    },
    timeout=30,
)
answer.raise_for_status()
task = answer.json()["data"]
print(task["task_id"], task["status"], task["credits_amount"])
