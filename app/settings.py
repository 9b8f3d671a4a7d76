"""Typed settings of the service: every limit and address, one environment prefix, read when built.

This file owns what can be set. It refuses to be read at import: ``create_app`` and the command line
build one ``Settings`` and hand it on.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.webhooks.signatures import usable_secret

MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """Hold every setting; each can be given as ``TERRITORY_<NAME>`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="TERRITORY_", frozen=True, extra="ignore")

    data_dir: Path = Field(
        default=Path("territory-data"), description="Folder of the SQLite file and of temporary uploads."
    )
    database_url: str | None = Field(
        default=None,
        description="postgresql://… for Postgres, sqlite:///… for a file; left out: a SQLite file in data_dir.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the server listens on; 0 picks one.")
    public_url: str | None = Field(
        default=None, description="Address that callers reach the service at, named in the OpenAPI document."
    )

    access: Literal["auto", "key", "open"] = Field(
        default="auto",
        description="Who needs no key: auto, callers on this machine until there are keys; key, nobody; open, "
        "everybody, for a proxy that asks who calls.",
    )
    key_pepper: str = Field(
        default="", repr=False, description="Secret that the hashes of API keys depend on; changing it voids all keys."
    )
    rate_limit_per_s: float = Field(
        default=50.0, ge=0, description="Requests per second that one key may send in the long run; 0: any number."
    )
    rate_limit_burst: int = Field(default=200, ge=1, description="Requests that one key may send at once after a rest.")
    oidc_issuer: str | None = Field(
        default=None, description="OpenID Connect issuer whose bearer tokens are accepted, as their iss says."
    )
    oidc_audience: str = Field(default="territory", description="Audience that a token must be meant for (aud).")
    oidc_jwks_url: str | None = Field(
        default=None, description="Address of the issuer's public keys; left out: as the issuer's discovery says."
    )
    oidc_jwks_file: Path | None = Field(
        default=None, description="File with the issuer's public keys (JWKS), instead of an address."
    )
    oidc_tenant: str | None = Field(default=None, description="Tenant of every token, instead of a claim.")
    oidc_tenant_claim: str = Field(default="tenant", description="Claim that names the tenant.")
    oidc_role_claim: str = Field(
        default="role", description="Claim that names the role or several; dots lead into objects."
    )
    oidc_roles: dict[str, str] = Field(
        default_factory=dict, description="The issuer's words for our roles as JSON, such as {'planners': 'ops'}."
    )
    oidc_rep_claim: str = Field(default="rep_id", description="Claim that names a manager's or rep's own rep id.")

    log_format: Literal["json", "console"] = Field(
        default="json", description="Form of the log lines: json, or console for people."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe level that is logged."
    )

    worker_id: str | None = Field(
        default=None, description="Stable name of this worker; left out: one kept in data_dir."
    )
    worker_slots: int = Field(default=1, ge=1, le=64, description="Jobs that one worker executes at a time.")
    solver_cores: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Cores that one solve may use; 0 means all of the machine, and 2 in a deterministic search.",
    )
    solver_memory_bytes: int = Field(
        default=0,
        ge=0,
        description="Memory that one solve may take, in bytes; a solve that needs more fails; 0 means any amount.",
    )
    lease_s: float = Field(
        default=15.0, ge=1, le=3600, description="Seconds without a heartbeat after which a job is taken over."
    )
    max_attempts: int = Field(default=3, ge=1, le=100, description="Workers that a job may lose before it is failed.")
    allow_private_webhooks: bool = Field(
        default=False, description="Let webhooks go to private and loopback addresses."
    )
    webhook_secret: Annotated[str, AfterValidator(usable_secret)] | None = Field(
        default=None, repr=False, description="Signs webhooks that have no secret of their own: whsec_ and base64."
    )
    webhook_timeout_s: float = Field(
        default=15.0, gt=0, le=300, description="Seconds within which a webhook's receiver must have answered."
    )
    allow_private_providers: bool = Field(
        default=False, description="Let travel-time providers have private and loopback addresses."
    )

    keep_jobs_days: float | None = Field(
        default=None, gt=0, description="Days for which ended jobs are kept; left out: for ever."
    )
    keep_alignments_days: float | None = Field(
        default=None, gt=0, description="Days for which alignments are kept that nothing uses; left out: for ever."
    )
    keep_datasets_days: float | None = Field(
        default=None,
        gt=0,
        description="Days for which datasets and scenarios are kept that nothing uses; left out: for ever.",
    )

    max_json_bytes: int = Field(default=64 * MEBIBYTE, ge=1024, description="Largest JSON body, in bytes.")
    max_file_bytes: int = Field(default=256 * MEBIBYTE, ge=1024, description="Largest uploaded file, in bytes.")
    max_unpacked_bytes: int = Field(
        default=1024 * MEBIBYTE, ge=1024, description="Largest unpacked size of an uploaded file, in bytes."
    )
    max_accounts: int = Field(default=250_000, ge=1, description="Most accounts of a dataset.")
    max_reps: int = Field(default=5_000, ge=1, description="Most reps of a dataset.")
    max_units: int = Field(default=250_000, ge=1, description="Most units of a dataset.")
    max_pairs: int = Field(default=5_000_000, ge=1, description="Most rows of a pairs table.")
    max_account_rep_pairs: int = Field(
        default=250_000_000, ge=1, description="Largest product of accounts and active reps of a job."
    )
    max_columns: int = Field(default=500, ge=1, description="Most columns of an uploaded table.")
    max_measures: int = Field(default=50, ge=1, description="Most measures of a dataset.")
    max_polygon_vertices: int = Field(
        default=2_000_000, ge=1, description="Most vertices of all polygons of a dataset."
    )
    max_json_depth: int = Field(default=32, ge=4, le=200, description="Deepest nesting of a JSON body.")
    max_id_characters: int = Field(default=128, ge=1, le=1000, description="Longest id, in characters.")
    travel_provider: Literal["osrm", "valhalla"] = Field(
        default="osrm", description="What speaks at travel_provider_url: OSRM's table service or Valhalla's matrix."
    )
    travel_provider_url: str | None = Field(
        default=None, description="Address of the travel-time provider; left out: there is none."
    )
    travel_profile: str | None = Field(
        default=None, description="How reps travel, in the provider's word; left out: driving (OSRM), auto (Valhalla)."
    )
    travel_batch_places: int = Field(
        default=100, ge=2, le=10_000, description="Most places of one question to the travel-time provider."
    )
    travel_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="Seconds that one answer of the travel-time provider may take."
    )
    travel_limit_s: float = Field(
        default=900.0, gt=0, le=24 * 3600, description="Seconds that all its answers for one dataset may take."
    )
    travel_unreachable: Literal["forbid", "great_circle"] = Field(
        default="forbid",
        description="A pair without a way by road: forbid it, or reckon its time along the great_circle.",
    )
    travel_unreachable_kmh: float = Field(
        default=50.0, gt=0, le=1_000, description="Great-circle kilometers an hour, for pairs without a way."
    )
    max_travel_pairs: int = Field(
        default=1_000_000, ge=1, description="Most pairs that the travel-time provider is asked for at once."
    )
    max_name_characters: int = Field(
        default=1000, ge=1, description="Longest name of a dataset, scenario, account or rep, in characters."
    )
    max_text_characters: int = Field(default=32_767, ge=1, description="Longest other text cell, in characters.")
    max_time_limit_s: float = Field(default=4 * 3600.0, gt=0, description="Longest search time, in seconds.")
    max_queued_jobs: int = Field(default=10_000, ge=1, description="Most jobs that wait at a time.")
    max_queued_jobs_per_tenant: int = Field(
        default=5_000, ge=1, description="Most jobs of one tenant that wait at a time."
    )
    max_running_jobs_per_tenant: int = Field(
        default=1_000, ge=1, description="Most jobs of one tenant that are executed at a time; others wait."
    )
    max_datasets_per_tenant: int = Field(default=100_000, ge=1, description="Most datasets that one tenant stores.")
    max_page_size: int = Field(default=10_000, ge=1, description="Most items on one page.")
    max_listed_faults: int = Field(
        default=1_000, ge=1, le=1_000, description="Most faults named in one answer; all are counted."
    )
    max_idempotency_key_characters: int = Field(
        default=255, ge=16, le=1000, description="Longest Idempotency-Key, in characters."
    )
    idempotency_days: float = Field(
        default=7.0, gt=0, description="Days for which an Idempotency-Key answers the first request again."
    )
    idempotency_claim_s: float = Field(
        default=60.0, gt=0, description="Seconds after which a request that died no longer holds its key."
    )

    def resolved_database_url(self) -> str:
        """Return the SQLAlchemy URL, with psycopg 3 for Postgres and the file in ``data_dir`` by default."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'territory.sqlite'}"
        for prefix in ("postgresql://", "postgres://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    def limits(self) -> dict[str, int | float]:
        """Return every limit by its setting's name, as GET /v1/limits serves them."""
        return {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name.startswith(("max_", "idempotency_", "rate_limit_"))
        }
