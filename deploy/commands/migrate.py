"""`pledge migrate`: bring every schema of a database to what this version needs. Safe to run twice, and twice at once."""

import asyncio

from deploy.commands.reach import Data, Database, reach
from deploy.commands.saying import fail, say


def migrate(database: Database = None, data: Data = None) -> None:
    """Bring every schema to the newest revision (`pledge up` does it by itself)."""
    installation = reach(database, data)
    from shared.migrations import upgrade_all
    from shared.settings import CannotStartError

    try:
        asyncio.run(upgrade_all(installation.database_url, installation.installation_id))
    except CannotStartError as error:
        fail(str(error))
    say("every schema is at the newest revision")
