"""The schema of notifier, marked as this installation's.

Its tables follow in 0002.

Revision ID: 0001
"""

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to make yet: that the schema exists and whose it is, every migration sees to before its first revision."""
