"""Content: new products are recommended by what is written about them, until enough customers have had to do with them."""

from lifeloop.recommend.content.features import features_of
from lifeloop.recommend.content.fit import ContentConfig, fit_content, fit_from_features

__all__ = ["ContentConfig", "features_of", "fit_content", "fit_from_features"]
