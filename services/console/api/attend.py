"""What people do with an alert: see it, take it, put it off."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.console.api.desk import Fields, FromHere, not_here
from services.console.api.rendering import Known, page
from services.console.gateway import Away, Refused
from services.console.handlers import attend, dangers, now

router = APIRouter(include_in_schema=False)

SNOOZE = timedelta(hours=4)
VERBS = frozenset({"acknowledge", "take", "snooze"})
BY_LENGTH_MAX = 100


@router.post("/alerts/{verb}")
async def act(console: Known, from_here: FromHere, verb: str, fields: Fields) -> HTMLResponse:
    """Do it, and show how everything stands after; what was refused is said above it."""
    said = not_here(console, from_here=from_here) if verb in VERBS else "There is no such button."
    if said is None:
        by, revision = fields.get("by", "")[:BY_LENGTH_MAX], fields.get("revision", "")
        try:
            await attend(console, fields.get("alert_id", ""), verb, by, f"console-{verb}-{revision}", now() + SNOOZE)
        except Refused as refused:
            said = refused.detail
        except Away as away:
            said = f"The {away.service} service {away.detail}. Try again in a moment."
    return page("parts/dangers.html", dangers=await dangers(console), may_commit=console.settings.may_commit, said=said or "")
