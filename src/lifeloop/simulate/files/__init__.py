"""A simulated shop written down: declared tables as Parquet, or Segment events as JSON lines."""
