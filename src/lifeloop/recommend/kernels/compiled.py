"""The kernels, compiled by Numba."""

from lifeloop.recommend.kernels.counting import count_after, count_together, keep_highest, rows_around
from lifeloop.recommend.kernels.scoring import add_rows, add_sparse, pick, top_sparse

__all__ = ["add_rows", "add_sparse", "count_after", "count_together", "keep_highest", "pick", "rows_around", "top_sparse"]
