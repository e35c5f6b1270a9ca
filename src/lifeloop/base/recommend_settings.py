"""[recommend]: what may be recommended to whom, as data; every placement may say otherwise for itself."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

Placement: TypeAlias = Literal["home", "product", "search", "cart", "message"]
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)
"""Every place in which products are recommended."""


class RuleSettings(BaseModel):
    """[recommend.placements.NAME]: rules of one placement; what is left out is as in [recommend]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    margin_floor: float | None = Field(
        None,
        ge=-1,
        lt=1,
        description="Least margin, as a share of the price; products whose cost is not known pass. Unset: none.",
    )
    lowest_price: float | None = Field(
        None,
        ge=0,
        description="Least price, or with a product on the page least share of its price; unknown prices fail. Unset: none.",
    )
    highest_price: float | None = Field(
        None,
        gt=0,
        description="Highest price, or with a product on the page highest share of its price; unknown ones fail. Unset: none.",
    )
    excluded_categories: tuple[str, ...] | None = Field(
        None, description="Categories nothing is recommended of, with all below them. Unset: none."
    )
    excluded_products: tuple[str, ...] | None = Field(None, description="Products that are never recommended. Unset: none.")
    brand_cap: int | None = Field(
        None, ge=1, description="Most products of one brand in a list; of a search only where set for it. Unset: no limit."
    )
    category_cap: int | None = Field(
        None, ge=1, description="Most products of one category in a list; of a search only where set for it. Unset: no limit."
    )
    diversity: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Weight of being unlike what stands above, against score: 0 ranks by score alone. Unset: 0.2.",
    )
    exploration: float | None = Field(
        None, ge=0, le=0.5, description="Share of places given to new products by chance, with logged propensity. Unset: 0.1."
    )


class RecommendSettings(RuleSettings):
    """[recommend]: what may be recommended to whom."""

    consent: Literal["given", "unless_withdrawn"] = Field(
        "given",
        description="Whose own history may be used: of those who gave consent to personalisation, or of all but those who "
        "withdrew it. Everybody else is shown what is wanted by many.",
    )
    consent_purposes: tuple[str, ...] = Field(
        (
            "personalization",
            "personalisation",
            "personalized recommendations",
            "personalised recommendations",
            "个性化",
            "个性化推荐",
        ),
        description="Purposes of consent that mean personalisation.",
    )
    new_below: int = Field(20, ge=0, description="A product with fewer buyers and viewers is new, and may be explored.")
    history: int = Field(50, ge=1, le=500, description="Latest deeds of a customer that are looked at.")
    repeats: bool = Field(default=True, description="Whether what was bought may be recommended again once it is due.")
    memory_mb: int = Field(
        2000,
        ge=64,
        description="Memory the matrices may take; above it they are kept sparse.",
        json_schema_extra={"unit": "MB"},
    )
    threads: int | None = Field(None, ge=1, description="Threads of the kernels. Unset: one per core.")
    placements: dict[Placement, RuleSettings] = Field(
        default_factory=dict, description="Rules of single placements, in [recommend.placements.NAME]."
    )

    def rules(self, placement: Placement) -> RuleSettings:
        """Return the rules of one placement: its own, else those of all."""
        own = self.placements.get(placement)
        names = RuleSettings.model_fields
        said = {name: getattr(own, name) for name in names if own is not None and getattr(own, name) is not None}
        return RuleSettings(**{name: getattr(self, name) for name in names} | said)
