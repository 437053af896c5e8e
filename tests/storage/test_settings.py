"""A bucket's settings choose the storage; incomplete ones are refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from pytest_django import Settings

from tests.running import ROOT
from vidgo.kernel.ops.system_checks import bucket_is_whole

TELL = """
import json
from vidgo import settings
print(json.dumps({
    "storage": settings.STORAGES["default"],
    "images_from": settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"],
}))
"""


def settings_with(**variables: str) -> Any:
    """Return the settings of a process with these variables."""
    done = subprocess.run(
        [sys.executable, "-c", TELL],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_files_are_stored_in_a_bucket_or_in_a_folder() -> None:
    assert settings_with()["storage"]["BACKEND"].endswith("FileSystemStorage")
    chosen = settings_with(
        S3_BUCKET="images",
        S3_ENDPOINT_URL="https://s3.example",
        S3_REGION="eu",
        S3_ACCESS_KEY_ID="id",
        S3_SECRET_ACCESS_KEY="secret",
        FILES_PUBLIC_URL="https://files.example",
    )
    assert chosen["storage"] == {
        "BACKEND": "generation.storage.s3.S3Storage",
        "OPTIONS": {
            "bucket": "images",
            "region": "eu",
            "endpoint_url": "https://s3.example",
            "access_key_id": "id",
            "secret_access_key": "secret",
        },
    }
    # Our own pages embed images from there too.
    assert "https://files.example" in chosen["images_from"]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"S3_BUCKET": "b", "S3_ACCESS_KEY_ID": "k"}, "S3_SECRET_ACCESS_KEY"),
        ({"S3_BUCKET": "b", "S3_SECRET_ACCESS_KEY": "s"}, "S3_ACCESS_KEY_ID"),
        ({"S3_ENDPOINT_URL": "https://s3.example"}, "S3_BUCKET"),
        ({"S3_ACCESS_KEY_ID": "k", "S3_SECRET_ACCESS_KEY": "s"}, "S3_BUCKET"),
    ],
)
def test_incomplete_bucket_settings_are_refused(
    settings: Settings, given: dict[str, str], missing: str
) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    (found,) = bucket_is_whole(None)
    assert found.id == "vidgo.E006"
    assert found.msg.startswith(missing)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"S3_BUCKET": "b"},
        {"S3_BUCKET": "b", "S3_ACCESS_KEY_ID": "k", "S3_SECRET_ACCESS_KEY": "s"},
    ],
    ids=["no bucket", "a machine's role", "a key"],
)
def test_a_bucket_with_a_key_or_the_role_of_the_machine_is_accepted(
    settings: Settings, given: dict[str, str]
) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    assert bucket_is_whole(None) == []
