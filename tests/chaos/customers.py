"""Customers who do not give up: each submit is repeated with its key until it is answered."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import local

import requests

CUSTOMERS = 12
MODELS = ("flux-kontext-pro", "flux-kontext-max")
SIZES = ("1:1", "16:9", "16:21", "9:16")


def prompt_of(number: int) -> str:
    """Return the prompt of a submit, which identifies it everywhere."""
    return f"chaos submit {number}"


class Customers:
    """Many customers of one organization."""

    def __init__(self, *, address: str, api_key: str, deadline_seconds: float) -> None:
        self.address = address
        self.headers = {"Authorization": f"Bearer {api_key}"}
        self.deadline = time.monotonic() + deadline_seconds
        self.answers: Counter[str] = Counter()
        self.own = local()

    def submit(self, *, jobs: int) -> dict[int, str]:
        """Submit the jobs and return the task of each."""
        with ThreadPoolExecutor(CUSTOMERS) as pool:
            return dict(enumerate(pool.map(self._submit, range(jobs))))

    def _submit(self, number: int) -> str:
        body = {
            "model": MODELS[number % len(MODELS)],
            "input": {"prompt": prompt_of(number), "size": SIZES[number % len(SIZES)]},
        }
        while time.monotonic() < self.deadline:
            try:
                answer = self._session().post(
                    f"{self.address}/api/generate/submit",
                    json=body,
                    headers={**self.headers, "Idempotency-Key": f"submit-{number}"},
                    timeout=15,
                )
            except requests.RequestException as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
                if answer.status_code == 200:
                    return str(answer.json()["data"]["task_id"])
                if answer.status_code < 500 and answer.status_code != 429:
                    raise AssertionError(f"submit {number}: {answer.status_code} {answer.text}")
            time.sleep(0.3)
        raise TimeoutError(f"submit {number} was never answered")

    def _session(self) -> requests.Session:
        if not hasattr(self.own, "session"):
            self.own.session = requests.Session()
        session: requests.Session = self.own.session
        return session
