"""The playground: the API's submit behind a form, for members and for those who look first."""

from generation.playground.context import for_model
from generation.playground.member import live, playground
from generation.playground.visitor import playground_visitor
