"""Pictures drawn and edited here, without any model or network.

The sandbox provider uses them, so the whole product works on a fresh machine. `compose` turns a
prompt into a scene if the engine can draw everything that it names, else into a test card with the
prompt set as type. `edit` changes the customer's own picture: it recolors one color or all of them,
replaces words, turns day into night or draws a pencil sketch; any other instruction is quoted in a
caption. The same arguments give the same pixels, and calls share nothing, so threads are safe.

    python -m sandbox.images "a red fox" --size 16:9 --seed 3 --output fox.png

Pages that display these pictures label them as the sandbox's. A test card or a caption says so
itself; scenes and edits carry no mark.
"""

from sandbox.images.edits import edit
from sandbox.images.scene import compose
