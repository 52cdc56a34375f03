"""Cases that wait for a part that does not exist yet, and which."""

NEEDS: dict[str, str] = {}
