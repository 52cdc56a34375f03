"""`python -m services.console`: the service as a process."""

from services.console.app import create_app
from services.console.settings import Settings
from shared import serve

if __name__ == "__main__":
    serve.run(create_app, Settings)
