"""The studio: draws and edits pictures. It knows Pillow and numpy and nothing of the project."""

from generation.studio.scene import compose

__all__ = ["compose"]
