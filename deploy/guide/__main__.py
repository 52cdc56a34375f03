"""`python -m deploy.guide`: run the examples of docs/promising.md again, and write what came of them, with their pictures.

With `--check` nothing is written: it says whether the page still says what the services say (exit code 1 if not).
"""

import asyncio
import sys

from deploy.guide.page import DOCUMENT, pictures_of, pictures_there, with_runs, write
from deploy.guide.runs import run_all


def main() -> int:
    """Run, compare, and write unless only asked to check."""
    said = asyncio.run(run_all())
    before = DOCUMENT.read_text()
    text, pictures = with_runs(before, said), pictures_of(said.values())
    if text == before and pictures == pictures_there():
        sys.stdout.write(f"{DOCUMENT.name} is up to date\n")
        return 0
    if "--check" in sys.argv:
        sys.stdout.write(f"{DOCUMENT.name} is out of date: run `python -m deploy.guide`\n")
        return 1
    write(text, pictures)
    sys.stdout.write(f"wrote {DOCUMENT} and {len(pictures)} pictures\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
