"""Images from outside: read safely and encoded anew.

Import it as `from vidgo.kernel import images`. `decoding` opens and encodes, `file_structure`
reads a file's kind and size before anything is decoded.
"""

from vidgo.kernel.images.decoding import (
    FORMATS,
    MAX_BYTES,
    MAX_PIXELS,
    ImageFacts,
    Opened,
    encode,
    inspect,
    open_file,
    open_image,
)
from vidgo.kernel.images.file_structure import ImageRefused
