"""The parts of the churn model: its inputs, learners, intervals and reasons. `models/churn.py` puts them together."""
