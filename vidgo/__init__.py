"""Vidgo: AI image generation and editing through one API, sold by prepaid credits."""

__version__ = "0.1.0"
