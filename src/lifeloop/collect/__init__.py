"""How facts come in: files, checked row by row; what cannot become a fact is kept in `rejected`."""

from lifeloop.collect.importing import guess, import_files
from lifeloop.collect.report import ColumnGuess, FileReport, Guess, ImportReport

__all__ = ["ColumnGuess", "FileReport", "Guess", "ImportReport", "guess", "import_files"]
