"""The crawl: every page a role can reach by following links."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import requests

from tests.browser.product import NOBODY, PASSWORD, Product

START = ("/", "/dashboard", "/robots.txt", "/sitemap.xml")
# The same for everyone, so it links to pages that not every role may open.
PUBLIC = "/docs"
# Pages of one kind to visit.
OF_A_KIND = 3
MOST = 600


@dataclass
class Crawl:
    """The pages found, by kind, and the wrong answers."""

    pages: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class _Links(HTMLParser):
    """Collects the links and resources of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the URL of a link, an image, a script or a stylesheet."""
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.pages.append(str(found["href"]))
        elif tag in {"img", "script"} and found.get("src"):
            self.parts.append(str(found["src"]))
        elif tag == "link" and found.get("href") and found.get("rel") != "canonical":
            self.parts.append(str(found["href"]))


def session_of(product: Product, *, role: str) -> requests.Session:
    """Return a session that is signed in as a role."""
    session = requests.Session()
    if role == NOBODY:
        return session
    address = f"{product.address}/accounts/login/"
    form = session.get(address, timeout=30).text
    token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = session.post(
        address,
        data={
            "csrfmiddlewaretoken": token,
            "login": Product.email_of(role),
            "password": PASSWORD,
        },
        headers={"Referer": address},
        timeout=30,
    )
    assert answer.url.endswith("/dashboard"), answer.url
    return session


def kind_of(url: str) -> str:
    """Return the kind of a page: its path without IDs."""
    parts = [re.sub(r"^\d+$", "…", part) for part in urlsplit(url).path.split("/")]
    return "/".join(
        "…" if any(c.isdigit() for c in part) and len(part) > 3 else part for part in parts
    )


def crawl(product: Product, *, role: str) -> Crawl:
    """Follow every link within the copy as a role."""
    session = session_of(product, role=role)
    found = Crawl()
    waiting = deque((product.address + path, "start") for path in START)
    seen: set[str] = set()
    kinds: dict[str, int] = {}
    while waiting and len(seen) < MOST:
        url, origin = waiting.popleft()
        url = urldefrag(url).url
        kind = kind_of(url) + ("?" if urlsplit(url).query else "")
        if url in seen or kinds.get(kind, 0) >= OF_A_KIND * (3 if kind.endswith("?") else 1):
            continue
        seen.add(url)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = session.get(url, timeout=30)
        path = url.removeprefix(product.address)
        if answer.status_code == 403 and origin.startswith(PUBLIC):
            continue
        if answer.status_code >= 400:
            found.wrong.append(f"{answer.status_code} for {path}, linked from {origin}")
            continue
        if "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        if not answer.history:
            found.pages.setdefault(kind, []).append(path)
        links = _Links()
        links.feed(answer.text)
        for href in links.pages + links.parts:
            target = urljoin(answer.url, href)
            if target.startswith(product.address + "/"):
                waiting.append((target, path))
    return found
