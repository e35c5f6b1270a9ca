"""From facts to a model: read, count, fit, keep, recommend in messages, learn by day, and forget."""
