import os

import requests

answer = requests.get(
    f"{os.environ['VIDGO_URL']}/api/billing/ledger",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    params={"kind": "charge", "limit": "10"},
    timeout=30,
)
answer.raise_for_status()
for entry in answer.json()["data"]["entries"]:
    print(entry["created_time"], entry["amount_credits"], entry["reference"])
