"""What may be asked of capacity over HTTP: nothing of its own yet; health, metrics and both documents come with every service."""

from fastapi import APIRouter

routers: tuple[APIRouter, ...] = ()
