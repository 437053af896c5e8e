"""Customers who check everything: each call is sent once and must be answered correctly."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests import factories
from tests.running import wait_for

POLL_SECONDS = 0.3
PATIENCE_SECONDS = 90
CALL_SECONDS = 60
MORE_SECONDS = 180


@dataclass
class Customers:
    """Several customers of one organization, who make images until stopped."""

    address: str
    api_key: str
    callback_url: str = ""
    # The prompt of each task that was finished and whose file was fetched.
    tasks: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.enough = threading.Event()

    @contextlib.contextmanager
    def working(self, *, customers: int) -> Iterator[None]:
        """Let customers submit, wait and fetch in a loop during a block."""
        with ThreadPoolExecutor(customers) as pool:
            ended = [pool.submit(self._loop, number) for number in range(customers)]
            try:
                yield
            finally:
                self.enough.set()
            for each in ended:
                each.result()

    def wait_for_more(self, images: int) -> None:
        """Wait until this many more images were fetched, or something went wrong."""
        enough = len(self.tasks) + images
        wait_for(
            lambda: len(self.tasks) >= enough or self.problems,
            seconds=MORE_SECONDS,
            what=f"{images} more images",
        )

    def _loop(self, customer: int) -> None:
        turn = 0
        while not self.enough.is_set():
            turn += 1
            try:
                self.make(prompt=f"image {turn} of customer {customer}", edit=turn % 4 == 0)
            except Exception as error:
                # Any failure that a customer would see counts.
                self.problems.append(f"{type(error).__name__}: {error}")

    def make(self, *, prompt: str, edit: bool) -> str:
        """Submit one image, poll until it is done, fetch it, and return the task's id."""
        source: dict[str, Any] = {}
        if edit:
            source = {"image_urls": [self._upload()]}
        body = {
            "model": "flux-kontext-pro-edit" if edit else "flux-kontext-pro",
            "input": {"prompt": prompt, "output_format": "jpg", **source},
        }
        if self.callback_url:
            body["callback_url"] = self.callback_url
        task = self._call("POST", "/api/generate/submit", json=body).json()["data"]["task_id"]
        (made,) = self._wait_for_end(task)
        content = self._call("GET", made["file_url"].removeprefix(self.address)).content
        if hashlib.sha256(content).hexdigest() != made["sha256"]:
            raise AssertionError(f"{task}: another file than was promised")
        self.tasks[task] = prompt
        return str(task)

    def _upload(self) -> str:
        file = {"file": ("fox.png", factories.png(width=256, height=256))}
        answer = self._call("POST", "/api/common/upload/stream", files=file).json()
        return str(answer["data"]["file_url"])

    def _wait_for_end(self, task: str) -> list[dict[str, Any]]:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            task_data = self._call("GET", f"/api/generate/status/{task}").json()["data"]
            if task_data["status"] == "finished":
                files: list[dict[str, Any]] = task_data["files"]
                return files
            if task_data["status"] == "failed":
                raise AssertionError(f"{task} failed: {task_data['error_message']}")
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"{task} did not end")

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request once; anything but 200 is a failure that a customer would see."""
        began = time.monotonic()
        answer = requests.request(
            method,
            self.address + path,
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=CALL_SECONDS,
            **options,
        )
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
        self.calls[f"{method} {answer.status_code}"] += 1
        if answer.status_code != 200:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer
