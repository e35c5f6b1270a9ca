"""The parts of the value model: what corrects the level of BTYD, and its reasons. `models/value.py` puts them together."""
