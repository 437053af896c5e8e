"""Pictures drawn and edited here, without any model or network.

They serve the sandbox provider, so that the whole product works on a fresh machine. `compose` makes
a picture from a prompt: a scene where it can draw everything the prompt names, else a test card
with the prompt set as type. `edit` works on the customer's own picture and leaves the rest of its
frame as it was. Everything is decided by the arguments: the same call gives the same pixels.
Nothing is shared between calls, so threads may call at will.

    python -m sandbox.images "a red fox" --size 16:9 --seed 3 --output fox.png

Whoever shows these pictures says that they are the sandbox's. A test card says so itself; no mark
is drawn into scenes and edits.
"""

from sandbox.images.edits import edit
from sandbox.images.scene import compose
