"""The playground's code snippets: they send the form's request, or the job's."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, User
from generation.playground import snippets
from tests import factories
from tests.generation.playground.test_playground import PAGE

NASTY = [
    "a red fox",
    'it\'s "quoted" and `ticked` with $HOME and $(ls) \\n',
    "two\nlines and a\ttab",
    "snow ☃, 雪 and 🦊",
    "</script><b>&amp;</b> {{ braces }} %s",
]


def body(prompt: str) -> dict[str, Any]:
    return {
        "model": "flux-kontext-pro-edit",
        "input": {
            "prompt": prompt,
            "size": "16:9",
            "seed": 7,
            "image_urls": ["https://example.com/a.png"],
        },
    }


def code(prompt: str) -> dict[str, str]:
    return {snippet.id: snippet.text for snippet in snippets.for_body(body(prompt))}


@pytest.mark.parametrize("prompt", NASTY)
def test_the_command_sends_the_request(prompt: str) -> None:
    words = shlex.split(code(prompt)["curl"])
    assert json.loads(words[words.index("-d") + 1]) == body(prompt)
    assert "Authorization: Bearer $VIDGO_API_KEY" in words


@pytest.mark.parametrize("prompt", NASTY)
def test_the_python_sends_the_request(prompt: str) -> None:
    (sent,) = (
        argument.value
        for node in ast.walk(ast.parse(code(prompt)["python"]))
        if isinstance(node, ast.Call)
        for argument in node.keywords
        if argument.arg == "json"
    )
    assert ast.literal_eval(sent) == body(prompt)


@pytest.mark.parametrize("prompt", NASTY)
def test_the_javascript_sends_the_request(prompt: str) -> None:
    """Run by node where there is one; JSON is JavaScript, which the other half checks."""
    text = code(prompt)["javascript"]
    (literal,) = re.findall(r"JSON\.stringify\((.*)\),\n\}\);", text, re.S)
    assert json.loads(literal) == body(prompt)
    if node := shutil.which("node"):
        script = f"console.log(JSON.stringify({literal}))"
        ran = subprocess.run([node, "-e", script], capture_output=True, check=True, timeout=30)
        assert json.loads(ran.stdout) == body(prompt)


@pytest.mark.django_db
def test_the_code_of_a_job_repeats_it_with_its_seed_and_without_any_key(
    alice_client: Client, organization: Organization, alice: User, api_key: str
) -> None:
    job = factories.finished(organization=organization, created_by=alice, prompt="a 'red' fox")
    text = alice_client.get(f"{PAGE}?job={job.public_id}").content.decode()
    assert f"&quot;seed&quot;: {job.seed}" in text
    assert api_key not in text
    assert json.loads(shlex.split(snippets.for_body(snippets.body_of(job))[0].text)[-1]) == {
        "model": "flux-kontext-pro",
        "input": {
            "prompt": "a 'red' fox",
            "size": "1:1",
            "output_format": "png",
            "seed": job.seed,
        },
    }


@pytest.mark.django_db
def test_what_was_typed_cannot_leave_the_code(alice_client: Client, wallet: Any) -> None:
    text = alice_client.get(PAGE, {"prompt": "</code><script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in text
