"""What tests of callbacks share: receivers on this machine, which the settings then allow."""

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
def receive(settings: Settings, slices: None) -> Iterator[Receive]:
    """Start receivers that behave as told, one request after another; they stop with the test."""
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
    """One receiver that accepts everything until its script is changed."""
    return receive()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Record every connect of the process and keep it within this machine."""
    network = Network(names={"localhost": [["127.0.0.1"]]})

    def connect(sock: socket.socket, address: Any) -> None:
        network.connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", network.getaddrinfo)
    return network
