"""The schema of capacity, marked as this installation's.

Its tables come with what they will keep: calendars, resources, bills of material, routings.

Revision ID: 0001
"""

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to make yet: that the schema exists and whose it is, every migration sees to before its first revision."""
