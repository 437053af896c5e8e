"""Fixtures of the kernel's tests: a recorded network, local servers, a certificate authority."""

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.kernel.network import Authority, Network, Request, Server, make_authority

Serve = Callable[..., Server]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Record every connect of the process and keep it within this machine."""
    network = Network(names={"localhost": [["127.0.0.1"]]})

    def connect(sock: socket.socket, address: Any) -> None:
        network.connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", network.getaddrinfo)
    return network


@pytest.fixture
def serve(network: Network) -> Iterator[Serve]:
    """Start servers that hand each request to the given handler; they stop with the test."""
    servers: list[Server] = []

    def start(
        handler: Callable[[Request], None] = Request.answer, tls: ssl.SSLContext | None = None
    ) -> Server:
        servers.append(Server(handler, tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A throwaway certificate for images.example."""
    return make_authority(folder=tmp_path_factory.mktemp("tls"), name="images.example")
