import os

import requests

answer = requests.get(f"{os.environ['VIDGO_URL']}/v1/catalog/models", timeout=30)
answer.raise_for_status()
for model in answer.json()["data"]["models"]:
    print(model["model_id"], model["price_credits"])
