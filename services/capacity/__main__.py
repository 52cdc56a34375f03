"""`python -m services.capacity`: the service as a process."""

from services.capacity.app import create_app
from services.capacity.settings import Settings
from shared import serve

if __name__ == "__main__":
    serve.run(create_app, Settings)
