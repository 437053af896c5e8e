import base64
import os
from pathlib import Path

import requests

answer = requests.post(
    f"{os.environ['VIDGO_URL']}/api/common/upload/base64",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    json={
        "base64_data": base64.b64encode(Path("photo.png").read_bytes()).decode(),
        "file_name": "photo.png",
    },
    timeout=60,
)
answer.raise_for_status()
print(answer.json()["data"]["file_url"])
