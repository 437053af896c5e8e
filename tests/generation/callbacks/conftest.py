"""Fixtures for tests of webhooks: receivers on this machine, which the settings then allow."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.generation.callbacks.receiving import Behaviour, Receiver
from tests.kernel.network import Network

Receive = Callable[..., Receiver]


@pytest.fixture
def receive(settings: Settings, work_cycles: None) -> Iterator[Receive]:
    """Return a function that starts a scripted receiver; all stop with the test."""
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    receivers: list[Receiver] = []

    def start(*script: Behaviour) -> Receiver:
        receivers.append(Receiver(script=list(script)) if script else Receiver())
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.server.stop()


@pytest.fixture
def receiver(receive: Receive) -> Receiver:
    """Start a receiver that accepts everything until its script is changed."""
    return receive()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Record all connections of the process and keep them on this machine."""
    network = Network(names={"localhost": [["127.0.0.1"]]})

    def connect(sock: socket.socket, address: Any) -> None:
        network.connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", network.getaddrinfo)
    return network
