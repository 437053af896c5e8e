"""The playground: a form for submitting tasks, for members and for visitors."""

from generation.playground.context import for_model
from generation.playground.member import live, playground
from generation.playground.visitor import playground_visitor
