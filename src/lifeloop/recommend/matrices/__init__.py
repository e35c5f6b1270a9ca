"""Item-item matrices, how they are fitted from histories, and what they say of all products."""

from lifeloop.recommend.matrices.blend import Blend, Part
from lifeloop.recommend.matrices.defaults import next_blend, next_parts, personal_blend, taste_blend, taste_part, visit_blend
from lifeloop.recommend.matrices.dense import DenseMatrix
from lifeloop.recommend.matrices.fading import Fading, decay
from lifeloop.recommend.matrices.following import Following
from lifeloop.recommend.matrices.following_config import CountedConfig, FollowingConfig, SolvedConfig
from lifeloop.recommend.matrices.item_matrix import ItemMatrix
from lifeloop.recommend.matrices.low_rank import LowRankMatrix
from lifeloop.recommend.matrices.similar import SimilarConfig, fit_similar, similar_of
from lifeloop.recommend.matrices.sparse import SparseMatrix
from lifeloop.recommend.matrices.taste import Taste, TasteConfig

__all__ = [
    "Blend",
    "CountedConfig",
    "DenseMatrix",
    "Fading",
    "Following",
    "FollowingConfig",
    "ItemMatrix",
    "LowRankMatrix",
    "Part",
    "SimilarConfig",
    "SolvedConfig",
    "SparseMatrix",
    "Taste",
    "TasteConfig",
    "decay",
    "fit_similar",
    "next_blend",
    "next_parts",
    "personal_blend",
    "similar_of",
    "taste_blend",
    "taste_part",
    "visit_blend",
]
