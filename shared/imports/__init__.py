"""How does a file of rows get in? Read piece by piece, checked row by row with the bodies of the HTTP calls, applied by the batch.

A service names its kinds (`Kind`), makes the tables in a migration (`create_tables`) and mounts `router`. Whatever happens to
the file, the caller or the process, what was applied stays, and the same file again leads to the same end.
"""

from shared.imports.jobs import create_tables
from shared.imports.kinds import Entry, Job, Kind, Rest
from shared.imports.reading import FileUnreadable, Record, RecordReader

__all__ = ["Entry", "FileUnreadable", "Job", "Kind", "Record", "RecordReader", "Rest", "create_tables"]
