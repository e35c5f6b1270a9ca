"""Settings and the data home.

A home is one folder: `lifeloop.toml` (settings), `lake/` (facts), `models/` (versions),
`backtests/`, `reports/`.
Order of precedence: command line, `LIFELOOP_*` environment, `lifeloop.toml`, the defaults below.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lifeloop.base.errors import SettingsError
from lifeloop.base.money import EXPONENT
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.text import Language

SETTINGS_FILE = "lifeloop.toml"
ImportKind: TypeAlias = Literal["orders", "lines", "refunds", "products", "customers", "events"]
IMPORT_KINDS: tuple[ImportKind, ...] = get_args(ImportKind)
"""What a row of an imported file may be."""

_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SHOP_HEAD = re.compile(r"\s*\[\s*shop\s*\]\s*(#.*)?$")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShopSettings(_Section):
    """[shop]: what is true of the shop as a whole."""

    name: str = Field("My shop", description="Shown on reports.")
    currency: str | None = Field(None, description="Base currency (ISO 4217). Unset: taken from the first import.")
    timezone: str = Field("UTC", description="IANA zone of the shop's calendar; dates without a zone are read in it.")
    language: Language = Field("en", description="Language of reports and reasons: en or zh.")
    rates: dict[str, float] = Field(
        default_factory=dict, description="Units of the base currency one unit of another currency buys, e.g. USD = 0.92."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"'{value}' is no IANA time zone (try Europe/London or Asia/Shanghai)")
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str | None) -> str | None:
        if value is not None and value not in EXPONENT:
            raise ValueError(f"'{value}' is no currency lifeloop knows (write an ISO 4217 code such as EUR or CNY)")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)


class LakeSettings(_Section):
    """[lake]: where facts are kept and how much machine the engine may use."""

    url: str | None = Field(None, description="Folder or object-store URL of the lake. Unset: `lake/` in the home.")
    options: dict[str, str] = Field(default_factory=dict, description="Object-store options, e.g. AWS_ENDPOINT_URL.")
    memory_mb: int = Field(
        3000, ge=256, description="Memory the engine may use before it spills to disk.", json_schema_extra={"unit": "MB"}
    )
    threads: int | None = Field(None, ge=1, description="Threads of the engine. Unset: one per core.")


class StoreSettings(_Section):
    """[store]: where operating state is kept: keys, identities, profiles, jobs."""

    url: str | None = Field(
        None, description="`sqlite:///FILE` or `postgresql://USER@HOST/DATABASE`. Unset: `store.sqlite` in the home."
    )


class ServeSettings(_Section):
    """[serve]: how the server listens, accepts and works in the background."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every one this machine has.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0: any free one.")
    run_at: str | None = Field(
        "03:00", description="Time of the nightly run on the shop's clock, HH:MM. An empty text: no such run."
    )
    flow_seconds: float = Field(
        10.0,
        gt=0,
        le=60,
        description="Pause between two times accepted events are written to the lake.",
        json_schema_extra={"unit": "s"},
    )
    waiting_mb: int = Field(
        64,
        ge=1,
        description="Accepted requests waiting for the disk; above it clients are told to come back.",
        json_schema_extra={"unit": "MB"},
    )
    spool_mb: int = Field(
        4096,
        ge=64,
        description="Accepted events waiting to be indexed; above it clients are told to come back.",
        json_schema_extra={"unit": "MB"},
    )
    collect_per_second: int = Field(2000, ge=1, description="Requests a second one ingest key may send.")
    read_per_second: int = Field(100, ge=1, description="Requests a second one read or admin key may send.")
    recommend_per_second: int = Field(
        1000, ge=1, description="Recommendations a second one read or admin key may ask for; they do not count as reading."
    )

    @field_validator("run_at")
    @classmethod
    def _known_time(cls, value: str | None) -> str | None:
        if value in (None, "", "null"):
            return None
        if not _CLOCK_TIME.fullmatch(str(value)):
            raise ValueError(f"'{value}' is no time of day (write it like 03:00)")
        return value


class PredictSettings(_Section):
    """[predict]: what the nightly run predicts."""

    churn_days: int = Field(30, ge=1, le=730, description="Horizon of churn: no order within this many days.")
    value_days: int = Field(180, ge=1, le=1095, description="Horizon of value: orders and revenue within this many days.")
    churn_model: str = Field("blend", description="Churn model by name.")
    segments: int | None = Field(None, ge=2, le=30, description="Number of clusters. Unset: chosen by stability.")
    cluster_method: Literal["kmeans", "hdbscan", "hierarchical"] = Field(
        "kmeans", description="How clusters are found: kmeans, hdbscan (which chooses their number itself) or hierarchical."
    )
    threads: int = Field(1, ge=1, description="Threads of the learners. More help from about a million rows on.")
    seed: int = Field(0, description="Seed of every random choice in training.")


class SourceSettings(_Section):
    """[sources.NAME]: how one kind of file is read, confirmed once and kept."""

    columns: dict[str, str] = Field(default_factory=dict, description="Our column name -> the file's column name.")
    kind: str | None = Field(None, description=f"{', '.join(IMPORT_KINDS[:-1])} or {IMPORT_KINDS[-1]}.")
    date_format: str | None = Field(None, description="strptime format of its dates, where guessing is not enough.")


class WebhookSettings(_Section):
    """[webhooks.NAME]: one shop system that tells of its orders, customers and products by itself."""

    system: Literal["shopify", "woocommerce"] = Field(description="shopify or woocommerce.")
    secrets: list[SecretStr] = Field(
        default_factory=list, description="What it signs its webhooks with; while one is exchanged, both. Any one holds."
    )
    source: str | None = Field(
        None, description="Name its facts are kept under. Unset: that of the system, which imports of its export use too."
    )
    url: str | None = Field(None, description="Address of its API, such as https://my-shop.myshopify.com; for `reconcile`.")
    token: SecretStr | None = Field(
        None, description="Key to its API: Shopify's access token, or WooCommerce's CONSUMER_KEY:CONSUMER_SECRET."
    )

    @property
    def kept_under(self) -> str:
        """The source its facts are kept under."""
        return self.source or self.system


class Settings(BaseSettings):
    """All settings of one home."""

    model_config = SettingsConfigDict(env_prefix="LIFELOOP_", env_nested_delimiter="__", extra="forbid", frozen=True)

    shop: ShopSettings = ShopSettings()
    lake: LakeSettings = LakeSettings()
    store: StoreSettings = StoreSettings()
    serve: ServeSettings = ServeSettings()
    predict: PredictSettings = PredictSettings()
    recommend: RecommendSettings = RecommendSettings()
    sources: dict[str, SourceSettings] = {}
    webhooks: dict[str, WebhookSettings] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the name is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the name is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the name is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which arrives as init values."""
        return env_settings, init_settings


@dataclass(frozen=True)
class Home:
    """The folder that holds one shop."""

    path: Path
    settings: Settings

    @classmethod
    def open(cls, path: Path) -> Home:
        """Read `path`/lifeloop.toml; a home without the file has the defaults.

        Raises SettingsError when the folder does not exist or the file is wrong.
        """
        if not path.is_dir():
            raise SettingsError(
                f"cannot open the data home {path}",
                "there is no such folder",
                f"Make one with: lifeloop init --home {path}",
            )
        return cls(path=path.resolve(), settings=read_settings(path / SETTINGS_FILE))

    @property
    def lake_url(self) -> str:
        """Where the lake is: the configured URL, or `lake/` in the home."""
        return self.settings.lake.url or str(self.path / "lake")

    @property
    def store_url(self) -> str:
        """Where the store is: the configured URL, or `store.sqlite` in the home."""
        return self.settings.store.url or f"sqlite:///{self.store_file}"

    @property
    def store_file(self) -> Path:
        """The file of the store where no URL is configured."""
        return self.path / "store.sqlite"

    @property
    def spool(self) -> Path:
        """Accepted but not yet indexed events, a folder of files per process that accepts them."""
        return self.path / "spool"

    @property
    def models(self) -> Path:
        """Model versions, a folder each."""
        return self.path / "models"

    @property
    def backtests(self) -> Path:
        """The last backtest of each question, a JSON file each."""
        return self.path / "backtests"

    @property
    def reports(self) -> Path:
        """Reports, an HTML file each."""
        return self.path / "reports"

    @property
    def currency(self) -> str:
        """The shop's base currency; EUR until the first import says otherwise."""
        return self.settings.shop.currency or "EUR"

    def settle_currency(self, currency: str) -> None:
        """Write the base currency the first import found into lifeloop.toml, and leave everything else there as it is.

        A currency that stands there by now, from an earlier import, stays.
        """
        file = self.path / SETTINGS_FILE
        if read_settings(file).shop.currency is not None:
            return
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        heads = [number for number, line in enumerate(lines) if _SHOP_HEAD.match(line)]
        if not heads:
            heads = [len(lines)]
            lines.append("[shop]")
        lines.insert(heads[0] + 1, f'currency = "{currency}"')
        draft = file.with_suffix(".toml.draft")
        draft.write_text("\n".join(lines) + "\n", "utf-8")
        try:
            read_settings(draft)
        except SettingsError:
            draft.unlink()
            raise SettingsError(
                f"cannot keep the base currency in {file}",
                "its shop settings are not in a section [shop]",
                f'Write currency = "{currency}" among them, and import again.',
            ) from None
        draft.replace(file)


def read_settings(file: Path) -> Settings:
    """Read settings from `file`; a missing file gives the defaults. Raises SettingsError."""
    values: dict[str, Any] = {}
    if file.exists():
        try:
            values = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"cannot read {file}", str(error), "Mend the TOML, or delete the file for the defaults."
            ) from error
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"the setting '{where}' in {file} is wrong", first["msg"], "docs/reference/settings.md lists every setting."
        ) from error
