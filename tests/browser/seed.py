"""`python -m tests.browser.seed`: members of every role and all kinds of data in a running copy."""

from __future__ import annotations

import time

import django

SLOW = "a harbour at night sandbox:slow=600"
PROMPTS = [
    ("flux-kontext-pro", "a red fox in the snow at dawn", "1:1"),
    ("flux-kontext-max", "a calm sea under a full moon, long exposure, deep blue", "16:9"),
    ("flux-kontext-pro", "a poster that says OPEN in bold letters", "3:4"),
    ("flux-kontext-pro", "a lighthouse in a storm sandbox:fail", "1:1"),
    ("flux-kontext-max", "a portrait sandbox:moderated", "9:16"),
    (
        "flux-kontext-pro",
        "a very long prompt that goes on and on about a village between two mountains, "
        "with-a-word-that-is-much-longer-than-any-column-" + "x" * 120,
        "21:9",
    ),
    ("flux-kontext-pro", SLOW, "4:3"),
]


def main() -> None:
    """Fill the demo organization through the product's own functions."""
    django.setup()
    from accounts.models import Organization, Role, User
    from generation import jobs
    from generation.jobs import generation_request
    from generation.models import ENDS, Job
    from tests import factories
    from tests.browser import seed_states
    from tests.browser.product import NEWCOMER, OPERATOR, PASSWORD, ROLES, Product

    acme = Organization.objects.get()
    for role in ROLES:
        person = User.objects.create_user(Product.email_of(role), password=PASSWORD)
        factories.member(organization=acme, user=person, role=Role(role))
    User.objects.create_superuser(Product.email_of(OPERATOR), password=PASSWORD)
    newcomer = User.objects.create_user(Product.email_of(NEWCOMER), password=PASSWORD)
    factories.organization(owner=newcomer, name="A company with a name that is rather long, Ltd.")
    factories.credits(organization=acme, amount=5000)
    issued = factories.api_key(organization=acme, name="Production server")

    public = "http://" + "127.0.0.1:1/hook"
    for number, (model, prompt, size) in enumerate(PROMPTS):
        request = generation_request.parse(
            model=model,
            input={"prompt": prompt, "size": size, "output_format": "jpg"},
            callback_url=public if number < 2 else None,
        )
        jobs.submit(organization=acme, request=request, api_key=issued.api_key)
    seed_states.crowd()
    seed_states.suspend()
    deadline = time.monotonic() + 60
    while Job.objects.exclude(prompt__contains="sandbox:slow").exclude(status__in=ENDS).exists():
        if time.monotonic() > deadline:
            raise TimeoutError("jobs did not end")
        time.sleep(0.2)
    seed_states.pause()


if __name__ == "__main__":
    main()
