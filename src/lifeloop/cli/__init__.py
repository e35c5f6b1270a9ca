"""The command line."""

from lifeloop.cli.main import main

__all__ = ["main"]
