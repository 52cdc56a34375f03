"""Inventory as a process: `python -m services.inventory`."""

from services.inventory.app import create_app
from services.inventory.settings import Settings
from shared.serve import run

if __name__ == "__main__":
    run(create_app, Settings)
