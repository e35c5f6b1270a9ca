"""The parts of the segments: RFM fifths, clusters and their names. `models/segment.py` puts them together."""
