"""Quote as a process: `python -m services.quote`."""

from services.quote.app import create_app
from services.quote.settings import Settings
from shared.serve import run

if __name__ == "__main__":
    run(create_app, Settings)
