import os

import requests

answer = requests.post(
    f"{os.environ['VIDGO_URL']}/api/generate/submit",
    headers={"Authorization": f"Bearer {os.environ['VIDGO_API_KEY']}"},
    json={"model": "flux-kontext-pro", "input": {"prompt": "A kite", "size": "2:1"}},
    timeout=30,
)
if not answer.ok:
    error = answer.json()["error"]
    match error["type"]:
        case "insufficient_credits_error":
            print("Top up first:", error["message"])
        case "invalid_request_error":
            print("Fix", error.get("param"), "-", error["message"])
        case _:
            print(answer.status_code, error["message"], error["request_id"])
