"""The command line: parse → call → render. Heavy libraries are imported by the commands."""

from plip.cli.app import app, main

__all__ = ["app", "main"]
