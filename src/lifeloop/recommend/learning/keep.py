"""Keeping models: a folder of versions, see `base.versions`. Counts are kept beside the matrices that follow from them.

Loading reads no array: a matrix is mapped into memory, and what nobody asks for stays on the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from lifeloop.base.clock import instant_of
from lifeloop.base.errors import ModelError
from lifeloop.base.versions import Parts, load_version, new_version, save_version, versions
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.histories import Products
from lifeloop.recommend.matrices import (
    DenseMatrix,
    Following,
    FollowingConfig,
    ItemMatrix,
    LowRankMatrix,
    SparseMatrix,
    Taste,
    TasteConfig,
    personal_blend,
    visit_blend,
)
from lifeloop.recommend.model import QUESTION, Model
from lifeloop.recommend.names import Names
from lifeloop.recommend.together import Together
from lifeloop.recommend.trending import Trending

Arrays = dict[str, npt.NDArray[Any]]
_FORMS: Mapping[str, type[DenseMatrix] | type[SparseMatrix] | type[LowRankMatrix]] = {
    "dense": DenseMatrix,
    "sparse": SparseMatrix,
    "low_rank": LowRankMatrix,
}
_TRAIN_AGAIN = "Train it again: lifeloop run."


def save_model(models: Path, model: Model) -> Path:
    """Write a model under the name of its moment, in place of one that has it, and return its folder. Raises ModelError."""
    folder = new_version(models, QUESTION, instant_of(model.as_of))
    matrices = {"taste": model.taste.matrix, "following": model.following.matrix}
    matrices |= {"similar": model.similar, "content": model.content, "together": model.together.matrix}
    if model.following.soon is not None:
        matrices["soon"] = model.following.soon
        matrices["counted"] = model.following.counted
    arrays: Arrays = {"people": model.people, "gaps": model.gaps, "category": model.category}
    for name, arrays_of in {
        "products": Names.of(model.products.ids).arrays(),
        "taste": model.taste.arrays(),
        "following": model.following.arrays(),
        "together": model.together.arrays(),
        "trending": model.trending.arrays(),
        "deeds": model.deeds.arrays(),
        **{f"matrix.{name}": matrix.arrays() for name, matrix in matrices.items()},
    }.items():
        arrays |= {f"{name}.{inner}": one for inner, one in arrays_of.items()}
    plain = {
        "as_of": model.as_of,
        "forms": {name: _form(matrix) for name, matrix in matrices.items()},
        "categories": list(model.categories),
        "sources": list(model.deeds.sources),
        "languages": list(model.deeds.languages),
    }
    texts = {} if model.ranker is None else {"ranker": model.ranker.save()}
    save_version(folder, QUESTION, Parts(plain, texts=texts, mapped=arrays))
    return folder


def newest(models: Path) -> Path | None:
    """Return the folder of the newest version; None before the first run."""
    found = versions(models, QUESTION)
    return found[-1] if found else None


def load_model(folder: Path, *, memory_mb: int = 2000, threads: int | None = None) -> Model:
    """Return the model kept in a folder. Raises ModelError."""
    parts = load_version(folder, QUESTION)
    try:
        return _model(folder.name, parts, memory_mb, threads)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        asked = f"cannot load the model '{QUESTION}' from {folder}"
        raise ModelError(asked, f"its parts do not fit: {error!r}", _TRAIN_AGAIN) from error


def _model(version: str, parts: Parts, memory_mb: int, threads: int | None) -> Model:
    told, held = parts.model, parts.mapped
    forms = told["forms"]
    matrices = {name: _FORMS[form].of_arrays(_below(held, f"matrix.{name}")) for name, form in forms.items()}
    products = Products(list(Names.of_arrays(_below(held, "products"))))
    taste = Taste.of_arrays(_below(held, "taste"), TasteConfig(memory_mb=memory_mb, threads=threads))
    following = Following.of_arrays(_below(held, "following"), FollowingConfig(memory_mb=memory_mb, threads=threads))
    together = Together.of_arrays(_below(held, "together"))
    for counted, name in ((taste, "taste"), (following, "following"), (together, "together")):
        vars(counted)["matrix"] = matrices[name]  # what follows from the counts was kept too
    vars(following)["soon"] = matrices.get("soon")
    if "counted" in matrices:  # else it is what follows itself
        vars(following)["counted"] = matrices["counted"]
    return Model(
        version=version,
        as_of=told["as_of"],
        products=products,
        categories=tuple(told["categories"]),
        category=held["category"],
        people=held["people"],
        gaps=held["gaps"],
        taste=taste,
        following=following,
        personal=personal_blend(following, taste),
        visit=visit_blend(following),
        similar=matrices["similar"],
        together=together,
        content=matrices["content"],
        trending=Trending.of_arrays(_below(held, "trending")),
        deeds=Deeds.of_arrays(
            _below(held, "deeds"),
            products=len(products),
            sources=tuple(told["sources"]),
            languages=tuple(told["languages"]),
        ),
        ranker=_ranker(parts.texts.get("ranker")),
    )


def _ranker(text: str | None) -> Any:
    if text is None:
        return None
    from lifeloop.recommend.answering.ranker import Ranker

    return Ranker.load(text)


def _below(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Arrays:
    """Return the arrays of one part, by their names in it."""
    return {inner.removeprefix(f"{name}."): one for inner, one in arrays.items() if inner.startswith(f"{name}.")}


def _form(matrix: ItemMatrix) -> str:
    return next(name for name, form in _FORMS.items() if isinstance(matrix, form))
