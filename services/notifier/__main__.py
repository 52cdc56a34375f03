"""`python -m services.notifier`: the service as a process."""

from services.notifier.app import create_app
from services.notifier.settings import Settings
from shared import serve

if __name__ == "__main__":
    serve.run(create_app, Settings)
