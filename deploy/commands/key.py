"""`pledge key`: the API keys of an installation. A key's text is shown once, when it is made; what is kept is a keyed hash."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.commands.reach import Data, Database, reach
from deploy.commands.saying import AsJson, fail, say, say_json

if TYPE_CHECKING:
    from shared.access import KeyRecord

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who uses it; at most two live keys per name, so that one can be changed for the next.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it may do, for instance quote:read; may be given several times.")] = None,
    role: Annotated[str | None, typer.Option(help="Scopes that go together: sales, planner, operator, integration.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it lives. [default: until it is revoked]")] = None,
    database: Database = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, once."""
    from shared.access import ROLES, Scope, TooManyKeysError, create_key
    from shared.settings import CannotStartError

    known = {str(one): one for one in Scope}
    unknown = [one for one in scope or [] if one not in known]
    if unknown:
        fail(f"there is no scope {unknown[0]!r}; there are {', '.join(known)}")
    if role is not None and role not in ROLES:
        fail(f"there is no role {role!r}; there are {', '.join(ROLES)}")
    scopes = {known[one] for one in scope or []} | (ROLES[role] if role else set())
    if not scopes:
        fail("a key needs a --scope or a --role")
    installation = reach(database, data)
    lifetime = timedelta(days=days) if days else None
    try:
        key, record = asyncio.run(
            create_key(installation.database_url, installation.key_secret, name=name, scopes=scopes, role=role, lifetime=lifetime)
        )
    except (TooManyKeysError, CannotStartError) as error:
        fail(str(error))
    if as_json:
        say_json({"key": key} | _as_dict(record))
    else:
        say(key)


@app.command("list")
def list_(database: Database = None, data: Data = None, as_json: AsJson = False) -> None:
    """List every key that was ever made, without its text."""
    installation = reach(database, data)
    from shared.access import list_keys
    from shared.settings import CannotStartError

    try:
        records = asyncio.run(list_keys(installation.database_url))
    except CannotStartError as error:
        fail(str(error))
    if as_json:
        say_json([_as_dict(record) for record in records])
        return
    for record in records:
        state = f"revoked {record.revoked_at:%Y-%m-%d}" if record.revoked_at else "live"
        until = f", until {record.expires_at:%Y-%m-%d %H:%M %Z}" if record.expires_at and not record.revoked_at else ""
        say(f"{record.prefix}  {record.name}  {', '.join(record.scopes)}  {state}{until}")
    if not records:
        say("no keys yet: `pledge key create NAME --role sales`")


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The eight characters after plk_, or the whole key.")],
    database: Database = None,
    data: Data = None,
) -> None:
    """End a key; the services notice within seconds."""
    installation = reach(database, data)
    from shared.access import revoke_key
    from shared.settings import CannotStartError

    try:
        ended = asyncio.run(revoke_key(installation.database_url, prefix))
    except CannotStartError as error:
        fail(str(error))
    if not ended:
        fail(f"there is no live key {prefix[:12]!r}: `pledge key list` shows them")
    say("revoked")


def _as_dict(record: "KeyRecord") -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in asdict(record).items()}
