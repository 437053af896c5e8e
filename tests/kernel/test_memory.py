"""A process that handles images returns their memory to the system."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest
from django.core.management import call_command

from vidgo.kernel.ops import memory
from vidgo.kernel.queue.supervisor import Supervisor

# Frees a large block, from which glibc adapts, then allocates a smaller one, still large.
PROGRAM = """
import ctypes, sys
from vidgo.kernel.ops import memory

class MemoryInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost").split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = MemoryInfo
if "give back" in sys.argv:
    assert memory.give_back_large_blocks()
large = bytearray(16_000_000)
del large
before = libc.mallinfo2().hblkhd
image = bytearray(4_000_000)
print(libc.mallinfo2().hblkhd - before >= len(image))
"""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library is no glibc 2.33 or newer"
)
@pytest.mark.parametrize(("words", "apart"), [((), "False"), (("give back",), "True")])
def test_a_block_of_an_images_size_is_mapped_separately(words: tuple[str, ...], apart: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == apart


def test_a_worker_configures_memory_before_it_starts_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    monkeypatch.setattr(memory, "give_back_large_blocks", lambda: done.append("configure"))
    monkeypatch.setattr(Supervisor, "run", lambda _: done.append("run"))
    call_command("worker")
    assert done == ["configure", "run"]
