"""The parts of the stages: the shop's rhythm and the rules in words. `models/stage.py` puts them together."""
