"""The playground, for visitors and for members."""

from __future__ import annotations

from tests.architecture.addresses.rows import Row, World, everybody, members, ours

FORM = {"task": "text-to-image", "tier": "pro", "prompt": "a red fox"}


def with_job(name: str) -> Row:
    """Return a row for the playground opened with Alice's job."""
    return ours(path=lambda world: f"/dashboard/playground?{name}={world.edit.public_id}")


def live(world: World) -> str:
    """Return the URL of the fragment about Alice's job."""
    return f"/dashboard/playground/{world.edit.public_id}"


ROWS: dict[str, list[Row]] = {
    "playground": [
        Row(200, 302, 302, 302),
        everybody(302, method="post", body=lambda world: FORM),
    ],
    "dashboard/playground": [
        members(),
        members(302, method="post", body=lambda world: FORM),
        with_job("job"),
        with_job("again"),
        with_job("edit"),
    ],
    # A fragment for htmx; without htmx it redirects.
    "dashboard/playground/<str:public_id>": [ours(302, path=live)],
}
