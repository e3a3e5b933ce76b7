"""The audit as one self-contained HTML page. Importing this room brings matplotlib and jinja2, so
commands do it late."""

from plip.report.page.page import render_page

__all__ = ["render_page"]
