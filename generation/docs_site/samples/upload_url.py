import os

import requests

answer = requests.post(
    f"{os.environ['VIDGO_URL']}/api/common/upload/url",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    json={"file_url": os.environ["IMAGE_URL"]},
    timeout=60,
)
answer.raise_for_status()
print(answer.json()["data"]["file_url"])
