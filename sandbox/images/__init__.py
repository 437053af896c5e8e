"""Pictures drawn and edited here, without any model or network.

It serves the sandbox provider, so that the whole product works on a fresh machine. `compose` paints
a scene from the words of a prompt; `edit` works on the customer's own picture and leaves the rest
of its frame as it was. Everything is decided by its arguments:
the same call gives the same pixels. Nothing is shared between calls, so threads may call at will.

These are sandbox pictures. Whoever shows them says so; no mark is drawn into them.
"""

from sandbox.images.edits import edit
from sandbox.images.scene import compose

__all__ = ["compose", "edit"]
