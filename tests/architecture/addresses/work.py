"""The dashboard: jobs, usage and webhooks."""

from __future__ import annotations

from tests.architecture.addresses.rows import Row, World, members, ours


def job(world: World) -> str:
    """Return the URL of Alice's job."""
    return f"/dashboard/jobs/{world.edit.public_id}"


ROWS: dict[str, list[Row]] = {
    # The dashboard.
    "dashboard": [members()],
    "dashboard/jobs": [
        members(),
        ours(path=lambda world: f"/dashboard/jobs?before={world.edit.public_id}"),
        ours(path=lambda world: f"/dashboard/jobs?after={world.edit.public_id}"),
    ],
    "dashboard/jobs.csv": [members()],
    # Someone else's job is not among the rows, and nothing reveals that it exists.
    "dashboard/jobs/rows": [
        members(),
        members(path=lambda world: f"/dashboard/jobs/rows?id={world.edit.public_id}"),
    ],
    "dashboard/usage": [
        members(),
        members(path=lambda world: f"/dashboard/usage?key={world.api_key.key_id}"),
    ],
    "dashboard/usage.csv": [members()],
    "dashboard/jobs/<str:public_id>": [ours(path=job)],
    "dashboard/jobs/<str:public_id>/cancel": [
        ours(302, method="post", path=lambda world: job(world) + "/cancel")
    ],
    "dashboard/jobs/<str:public_id>/live": [ours(path=lambda world: job(world) + "/live")],
    "dashboard/jobs/<str:public_id>/input": [ours(path=lambda world: job(world) + "/input")],
    "dashboard/callbacks": [
        members(),
        ours(path=lambda world: f"/dashboard/callbacks?before={world.callback.public_id}"),
    ],
    "dashboard/callbacks/<str:public_id>": [
        ours(path=lambda world: f"/dashboard/callbacks/{world.callback.public_id}")
    ],
    "dashboard/callbacks/<str:public_id>/replay": [
        ours(
            302,
            method="post",
            path=lambda world: f"/dashboard/callbacks/{world.callback.public_id}/replay",
        )
    ],
    "dashboard/callbacks/endpoints/<str:public_id>": [
        ours(
            302,
            method="post",
            path=lambda world: (
                f"/dashboard/callbacks/endpoints/{world.callback.endpoint.public_id}"
            ),
        )
    ],
    "dashboard/callbacks/replay": [members(302, method="post", body=lambda world: {"hours": "24"})],
    "dashboard/callbacks/test": [
        members(),
        members(302, method="post", body=lambda world: {"url": "https://93.184.215.14/hook"}),
    ],
    "dashboard/callbacks/secret": [members(), members(method="post")],
}
