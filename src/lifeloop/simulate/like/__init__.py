"""A world fitted to the figures of a real shop."""
