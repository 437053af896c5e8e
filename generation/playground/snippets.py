"""Code snippets: the API request of the form in three languages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from generation.jobs import long_polling
from generation.models import Job

# Snippets read the key from this environment variable; it never appears in the page.
KEY = "VIDGO_API_KEY"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code around a request body; `body` is JSON, which is also valid Python and JavaScript here.

    js/playground.js updates the body as the user types: `spaces` is the JSON indent, `pad` the
    indent of every line after the first, and `is_shell` adds quotes.
    """

    id: str
    title: str
    before: str
    body: str
    after: str
    spaces: int
    pad: int = 0
    is_shell: bool = False

    @property
    def text(self) -> str:
        """Return the complete code."""
        return f"{self.before}{self.body}{self.after}"


def for_body(body: dict[str, Any]) -> list[Snippet]:
    """Return code that submits a request body and waits for the image."""
    address = f"{settings.VIDGO_PUBLIC_URL}/api/generate/submit"
    prefer = f"wait={long_polling.LONGEST_SECONDS}"
    return [
        Snippet(
            id="curl",
            title="curl",
            before=(
                f"curl {address} \\\n"
                f'  -H "Authorization: Bearer ${KEY}" \\\n'
                '  -H "Content-Type: application/json" \\\n'
                f'  -H "Prefer: {prefer}" \\\n'
                "  -d "
            ),
            body=_quoted(_json(body, spaces=2)),
            after="",
            spaces=2,
            is_shell=True,
        ),
        Snippet(
            id="python",
            title="Python",
            before=(
                "import os\n\nimport requests\n\n"
                "answer = requests.post(\n"
                f'    "{address}",\n'
                "    headers={\n"
                f'        "Authorization": f"Bearer {{os.environ[\'{KEY}\']}}",\n'
                f'        "Prefer": "{prefer}",\n'
                "    },\n"
                "    json="
            ),
            body=_json(body, spaces=4, pad=4),
            after=(
                f",\n    timeout={2 * long_polling.LONGEST_SECONDS},\n)\n"
                "answer.raise_for_status()\n"
                'print(answer.json()["data"])\n'
            ),
            spaces=4,
            pad=4,
        ),
        Snippet(
            id="javascript",
            title="JavaScript",
            before=(
                f'const answer = await fetch("{address}", {{\n'
                '  method: "POST",\n'
                "  headers: {\n"
                f"    Authorization: `Bearer ${{process.env.{KEY}}}`,\n"
                '    "Content-Type": "application/json",\n'
                f'    Prefer: "{prefer}",\n'
                "  },\n"
                "  body: JSON.stringify("
            ),
            body=_json(body, spaces=2, pad=2),
            after="),\n});\nconsole.log(await answer.json());\n",
            spaces=2,
            pad=2,
        ),
    ]


def body_of(job: Job) -> dict[str, Any]:
    """Return the request body that repeats a job, including its seed."""
    wanted: dict[str, Any] = {
        "prompt": job.prompt,
        "size": job.size,
        "output_format": job.output_format,
        "seed": job.seed,
    }
    if job.image_url:
        wanted["image_urls"] = [job.image_url]
    return {"model": job.model, "input": wanted}


def _json(body: dict[str, Any], *, spaces: int, pad: int = 0) -> str:
    text = json.dumps(body, ensure_ascii=False, indent=spaces)
    return text.replace("\n", "\n" + " " * pad)


def _quoted(text: str) -> str:
    """Return the text as one quoted shell word."""
    return "'" + text.replace("'", "'\"'\"'") + "'"
