"""Untrusted images: decoded safely and re-encoded.

Import it as `from vidgo.kernel import images`. `file_structure` reads the format and the size of a
file, `decoding` then decodes and encodes it.
"""

from vidgo.kernel.images.decoding import (
    FORMATS,
    MAX_BYTES,
    MAX_PIXELS,
    ImageInfo,
    Opened,
    encode,
    inspect,
    open_file,
    open_image,
)
from vidgo.kernel.images.file_structure import ImageRefused
