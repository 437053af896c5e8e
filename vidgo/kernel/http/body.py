"""The body of a response, limited as it streams in and again as it is decompressed."""

import zlib
from typing import Any

from vidgo.kernel.http.destinations import Policy
from vidgo.kernel.http.errors import BadAnswer, TooLarge


class Body:
    """A streamed body, never larger than its policy allows."""

    def __init__(self, *, policy: Policy) -> None:
        self._policy = policy
        self._kept = bytearray()
        self._received_bytes = 0
        self._decoder: Any = None

    def expect(self, *, length: int, encoding: str) -> None:
        """Check the headers; raises TooLarge, or BadAnswer for an encoding other than gzip.

        We ask for an uncompressed body, but some file servers store only a compressed one.
        """
        if length > self._policy.max_bytes and not self._policy.cut_body:
            raise self._too_large()
        encoding = encoding.strip().lower()
        if encoding in {"gzip", "x-gzip"}:
            self._decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        elif encoding not in {"", "identity"}:
            raise BadAnswer("encoding", "The answer has an unsupported compression.")

    def add(self, chunk: bytes) -> bool:
        """Add a chunk and return whether to read more; raises TooLarge and BadAnswer."""
        limit = self._policy.max_bytes
        self._received_bytes += len(chunk)
        if self._decoder is not None:
            try:
                chunk = self._decoder.decompress(chunk, limit + 1 - len(self._kept))
            except zlib.error as exc:
                raise BadAnswer("encoding", "The answer's compression is broken.") from exc
        self._kept += chunk
        if self._policy.cut_body:
            return len(self._kept) < limit and self._received_bytes < limit
        if max(len(self._kept), self._received_bytes) > limit:
            raise self._too_large()
        return True

    def end(self) -> None:
        """Check that a compressed body is complete; raises BadAnswer."""
        if self._decoder is not None and self._received_bytes and not self._decoder.eof:
            raise BadAnswer("encoding", "The answer's compression is broken.")

    def kept(self) -> bytes:
        """Return the body, cut off at the limit."""
        return bytes(self._kept[: self._policy.max_bytes])

    def _too_large(self) -> TooLarge:
        return TooLarge("too_large", f"The file is larger than {self._policy.max_bytes} bytes.")
