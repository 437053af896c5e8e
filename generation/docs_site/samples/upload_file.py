import os
from pathlib import Path

import requests

answer = requests.post(
    f"{os.environ['VIDGO_URL']}/api/common/upload/stream",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    files={"file": ("photo.png", Path("photo.png").read_bytes())},
    timeout=60,
)
answer.raise_for_status()
print(answer.json()["data"]["file_url"])
