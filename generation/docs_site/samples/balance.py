import os

import requests

answer = requests.get(
    f"{os.environ['VIDGO_URL']}/api/user/balance",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    timeout=30,
)
answer.raise_for_status()
print(answer.json()["data"]["credits_amount"], "credits")
