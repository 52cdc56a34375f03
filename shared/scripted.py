"""SQL in a migration as a person writes it: several statements in one `op.execute`, and colons that mean nothing.

asyncpg's prepared statements take one statement each, and SQLAlchemy reads `:name` as a parameter; a script avoids both.
"""

from typing import Any

from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import Executable


class ScriptedPostgresql(PostgresqlImpl):
    """Alembic's PostgreSQL, which takes its place by carrying its dialect's name; text goes to the driver as it is."""

    __dialect__ = "postgresql"

    def execute(self, sql: Executable | str, execution_options: dict[str, Any] | None = None) -> None:
        """Run text as a script inside the migration's transaction, everything else as Alembic does."""
        if not isinstance(sql, str) or self.connection is None:
            super().execute(sql, execution_options)
            return
        adapted: Any = self.connection.connection.dbapi_connection
        script = sql
        adapted.run_async(lambda driver: driver.execute(script))
