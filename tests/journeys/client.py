"""An API client as a third party would write it, from the documentation, with plain `requests`.

It imports nothing from this project and knows only the base URL and a key.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any

import requests

TIMEOUT = 30


class TaskFailed(Exception):
    """The task ended without an image."""


@dataclass
class Client:
    """The API as one customer uses it."""

    base_url: str
    key: str

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request with the key and return the response, also an error."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return requests.request(
            method, self.base_url + path, headers=headers, timeout=TIMEOUT, **options
        )

    def data(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Send a request that must succeed and return the `data` of the response."""
        response = self.call(method, path, **options)
        body = response.json()
        assert response.status_code == body["code"] == 200, body
        data: dict[str, Any] = body["data"]
        return data

    def try_submit(self, model: str, prompt: str, **given: Any) -> requests.Response:
        """Submit a task and return the response, also an error."""
        body = {"model": model, "input": {"prompt": prompt, **given}}
        return self.call("POST", "/api/generate/submit", json=body)

    def submit(self, model: str, prompt: str, **given: Any) -> str:
        """Submit a task and return its id."""
        response = self.try_submit(model, prompt, **given)
        assert response.status_code == 200, response.text
        data = response.json()["data"]
        assert data["status"] == "not_started"
        return str(data["task_id"])

    def status(self, task_id: str) -> dict[str, Any]:
        """Return the status of a task."""
        return self.data("GET", f"/api/generate/status/{task_id}")

    def wait(self, task_id: str, *, seconds: float = 60, every: float = 0.3) -> dict[str, Any]:
        """Poll a task until it has ended and return it."""
        deadline = time.monotonic() + seconds
        while True:
            task = self.status(task_id)
            if task["status"] in ("finished", "failed"):
                return task
            assert task["status"] in ("not_started", "running")
            assert time.monotonic() < deadline, f"{task_id} is still {task['status']}"
            time.sleep(every)

    def image(self, model: str, prompt: str, **given: Any) -> tuple[dict[str, Any], bytes]:
        """Create an image; return the finished task and the file, downloaded without a key."""
        task = self.wait(self.submit(model, prompt, **given))
        if task["status"] == "failed":
            raise TaskFailed(task["error_message"])
        (file,) = task["files"]
        assert file["file_type"] == "image"
        return task, download(file["file_url"])

    def balance(self) -> int:
        """Return the balance in credits."""
        return int(self.data("GET", "/api/user/balance")["credits_amount"])

    def upload_stream(self, content: bytes, name: str) -> str:
        """Upload a file as multipart and return its URL."""
        files = {"file": (name, content)}
        form = {"uploadPath": "images/user", "fileName": name}
        return self._uploaded("stream", files=files, data=form)

    def upload_base64(self, content: bytes, name: str) -> str:
        """Upload a file as a data URL and return its URL."""
        encoded = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        body = {"base64_data": encoded, "upload_path": "images", "file_name": name}
        return self._uploaded("base64", json=body)

    def upload_url(self, url: str) -> str:
        """Upload a file from a URL and return its new URL."""
        return self._uploaded("url", json={"file_url": url})

    def _uploaded(self, way: str, **options: Any) -> str:
        response = self.call("POST", f"/api/common/upload/{way}", **options)
        body = response.json()
        assert response.status_code == body["code"] == 200, body
        assert body["success"] is True
        return str(body["data"]["file_url"])


def download(url: str) -> bytes:
    """Download a file without credentials."""
    response = requests.get(url, timeout=TIMEOUT)
    assert response.status_code == 200
    return response.content
