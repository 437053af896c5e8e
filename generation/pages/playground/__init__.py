"""The playground: the API's submit behind a form, for members and for those who look first."""

from generation.pages.playground.member import live, playground
from generation.pages.playground.panels import panel
from generation.pages.playground.visitor import playground_visitor

__all__ = ["live", "panel", "playground", "playground_visitor"]
