"""The parts of a backtest: origins, contests, intervals and the verdict. `backtest.py` puts them together."""
