"""What people look at: the report, and plain rows for the terminal."""

from lifeloop.console.report import render_report, write_report

__all__ = ["render_report", "write_report"]
