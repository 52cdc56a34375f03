"""What can be turned in every service, and where it is read from.

`PLEDGE_INVENTORY_PORT` is read before `PLEDGE_PORT`: any field can be set for all services or for one.
"""

from typing import ClassVar, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict


class CannotStartError(Exception):
    """The world is not as the service needs it; the text is one line that says what to change."""


class CommonSettings(BaseSettings):
    """What every service needs. A service subclasses it, names itself and gives its port."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore", validate_default=True)

    service: ClassVar[str]
    """Its name: also its schema in the database and its prefix in the environment."""

    database_url: str = Field(repr=False)
    """`postgresql://user:password@host:port/database`; hidden in `repr`, for it may hold a password."""
    kafka: str
    """`host:port`, several separated by commas."""
    installation_id: str = Field("development", min_length=1, max_length=100)
    """Each schema carries it; a service refuses to start on another installation's data."""
    key_secret: SecretStr = Field(min_length=1)
    """The pepper of the API keys' hashes."""
    development_key: SecretStr | None = None
    """A key with every scope; accepted only while `host` is a loopback address."""
    host: str = "127.0.0.1"
    port: int
    """0 takes a free one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    topic_partitions: int = Field(4, ge=1, le=1000)
    """For topics that do not exist yet."""
    rate_limit_per_second: float = Field(0, ge=0, le=1_000_000)
    """Calls that one caller may make in each process on average; 0: nobody is limited."""
    rate_limit_burst: int = Field(0, ge=0, le=1_000_000)
    """Calls that may come at once after a rest; 0: a second's worth."""
    heartbeat_seconds: float = Field(1.0, gt=0, le=60)

    @field_validator("database_url")
    @classmethod
    def _a_postgresql_url(cls, value: str) -> str:
        if not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("write it as postgresql://user@host:port/database")
        return value

    @field_validator("port")
    @classmethod
    def _a_port(cls, value: int) -> int:  # not in the field, which every service declares anew with its own default
        if not 0 <= value <= 65535:  # noqa: PLR2004 -- what TCP has
            raise ValueError("a port is a number from 0 to 65535")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- replaced by the two below
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- nothing is read from a file that happens to lie around
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed, then the service's own environment, then the common one."""
        own = EnvSettingsSource(settings_cls, env_prefix=f"PLEDGE_{cls.service.upper()}_", env_ignore_empty=True)
        common = EnvSettingsSource(settings_cls, env_prefix="PLEDGE_", env_ignore_empty=True)
        return init_settings, own, common


S = TypeVar("S", bound=CommonSettings)


def load(settings: type[S]) -> S:
    """The settings from the environment. Raises CannotStartError with one line that names each variable that is wrong."""
    try:
        return settings()
    except ValidationError as error:
        complaints = (
            f"PLEDGE_{'_'.join(str(part) for part in found['loc']).upper()}: "
            + ("is not set" if found["type"] == "missing" else found["msg"].removeprefix("Value error, "))
            for found in error.errors(include_input=False, include_url=False)
        )
        raise CannotStartError("; ".join(complaints)) from None
