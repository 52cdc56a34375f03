"""Subscriptions: who is told what, over which channel, when."""

from datetime import time
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from services.notifier.api.fields import Channel, Clock, ExpectedRevision, Name, Secret, TimeZone
from services.notifier.api.reach import Json, KeyBody, Reader, Writer, answers, change, change_once
from services.notifier.domain.line import Severity
from services.notifier.domain.subscription import Digest, Event, Filters, Grouping, QuietHours, Subscription
from services.notifier.gateway import BadChannel, Refused, Sender, Unresolved, shown
from services.notifier.handlers import deliver
from services.notifier.handlers.subscribe import Stale, delete_subscription, put_subscription
from services.notifier.keeping import Deliverer
from services.notifier.store import deliveries, subscriptions
from services.notifier.store.subscriptions import Kept
from shared.access import Caller, Scope
from shared.contracts.base import Instant, Quantity
from shared.database import Database, Session
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import FieldError, Problem, conflict, not_found, unprocessable
from shared.quantities import Code, NonNegativeQuantity, RequestModel

router = APIRouter(prefix="/v1")

SubscriptionId = Annotated[Name, Path(description="The subscription's id, yours to choose.")]
Codes = Annotated[tuple[Code, ...], Field(max_length=1000)]


class FiltersBody(RequestModel):
    """What a promise must be like; an empty list asks nothing."""

    customer: Codes = ()
    sku: Codes = ()
    site: Codes = ()
    demand_class: Codes = ()
    cause: Codes = ()
    """Codes of causes, such as RECEIPT_RESCHEDULED."""
    minimum_slip_days: Annotated[int, Field(ge=0, le=1096)] | None = None
    """Missed promises and those without supply always pass."""
    minimum_value: NonNegativeQuantity | None = None
    """In the promise's own currency; a promise without a known value passes."""


class QuietHoursBody(RequestModel):
    """Local times between which messages wait; over midnight when `from` is the later one."""

    model_config = ConfigDict(populate_by_name=True)

    begins: Clock = Field(alias="from")
    ends: Clock = Field(alias="to")
    time_zone: TimeZone = "UTC"
    except_critical: bool = True
    """Critical alerts come through."""

    def value(self) -> QuietHours:
        """The value."""
        return QuietHours(time.fromisoformat(self.begins), time.fromisoformat(self.ends), self.time_zone, self.except_critical)


class DigestBody(RequestModel):
    """Everything in one message a day."""

    at: Clock
    time_zone: TimeZone = "UTC"


class SubscriptionBody(RequestModel):
    """A subscription as a whole."""

    events: Annotated[tuple[Event, ...], Field(min_length=1, max_length=20)]
    channel: Channel
    """http(s) is a signed webhook (Standard Webhooks); everything else as apprise writes it: mailto://, slack://, json:// …"""
    filters: FiltersBody = FiltersBody()
    severity: Severity = Severity.INFO
    """The least that is told."""
    secret: Secret | None = None
    """Signs webhooks. Absent: the one it has, or a new one, shown once in the answer of the call that made it."""
    allow_private: bool = False
    """Whether the channel may lead to loopback and private networks."""
    quiet_hours: QuietHoursBody | None = None
    digest: DigestBody | None = None
    grouping: Grouping = Grouping.CAUSE
    expected_revision: ExpectedRevision = None

    def subscription(self, subscription_id: str) -> Subscription:
        """The value; without a secret it is empty."""
        return Subscription(
            id=subscription_id,
            events=frozenset(self.events),
            channel=self.channel,
            secret=self.secret or "",
            filters=Filters(**dict(self.filters)),
            severity=self.severity,
            allow_private=self.allow_private,
            quiet_hours=None if self.quiet_hours is None else self.quiet_hours.value(),
            digest=None if self.digest is None else Digest(time.fromisoformat(self.digest.at), self.digest.time_zone),
            grouping=self.grouping,
        )


class FiltersView(BaseModel):
    """What a promise must be like."""

    customer: tuple[str, ...]
    sku: tuple[str, ...]
    site: tuple[str, ...]
    demand_class: tuple[str, ...]
    cause: tuple[str, ...]
    minimum_slip_days: int | None
    minimum_value: Quantity | None


class QuietHoursView(BaseModel):
    """When messages wait."""

    model_config = ConfigDict(populate_by_name=True)

    begins: str = Field(alias="from")
    ends: str = Field(alias="to")
    time_zone: str
    except_critical: bool


class DigestView(BaseModel):
    """When everything comes in one message."""

    at: str
    time_zone: str


class SubscriptionView(BaseModel):
    """A subscription as it stands."""

    subscription_id: str
    events: tuple[Event, ...]
    channel: str
    """A webhook without password and query, its path only for those who may write; of other channels only which service it is."""
    secret: str
    """Whole in the answer of the call that made it, never again."""
    filters: FiltersView
    severity: Severity
    allow_private: bool
    quiet_hours: QuietHoursView | None
    digest: DigestView | None
    grouping: Grouping
    status: Literal["active", "disabled"]
    disabled_at: Instant | None
    disabled_reason: str | None
    revision: int
    created_at: Instant
    updated_at: Instant


class Deleted(BaseModel):
    """It is gone."""

    subscription_id: str
    deleted: bool = True


class TestOutcome(BaseModel):
    """What came of the test message."""

    delivery_id: str
    status: Literal["pending", "delivered", "undeliverable"]
    outcome: str | None
    status_code: int | None
    error: str | None
    response: str | None
    seconds: float | None
    replayed: bool = False


_BODY = {
    "events": ["promise-at-risk", "promise-recovered", "promise-missed"], "channel": "https://hooks.example.com/pledge",
    "filters": {"customer": ["NORDRAD"], "minimum_slip_days": 1}, "severity": "warning",
    "quiet_hours": {"from": "20:00", "to": "07:00", "time_zone": "Europe/Berlin"},
}  # fmt: skip
_SUBSCRIPTION = {
    "subscription_id": "sales", "events": ["promise-at-risk", "promise-missed", "promise-recovered"],
    "channel": "https://hooks.example.com/pledge", "secret": "whsec_…",
    "filters": {"customer": ["NORDRAD"], "sku": [], "site": [], "demand_class": [], "cause": [], "minimum_slip_days": 1,
                "minimum_value": None},
    "severity": "warning", "allow_private": False,
    "quiet_hours": {"from": "20:00", "to": "07:00", "time_zone": "Europe/Berlin", "except_critical": True}, "digest": None,
    "grouping": "cause", "status": "active", "disabled_at": None, "disabled_reason": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip
_TEST = {
    "delivery_id": "msg_01KAKZ6Q7VJ5R8Y2N3M4P5Q6R7", "status": "delivered", "outcome": "delivered", "status_code": 204, "error": None,
    "response": None, "seconds": 0.08, "replayed": False,
}  # fmt: skip


@router.put("/subscriptions/{subscription_id}", responses=answers(_SUBSCRIPTION), response_model_by_alias=True)
async def put_subscription_whole(
    request: Request, caller: Writer, subscription_id: SubscriptionId, body: Annotated[SubscriptionBody, Body(examples=[_BODY])]
) -> SubscriptionView:
    """Put a subscription in place. It is told what happens from now on; one that was disabled lives again."""
    await _look(request, body)
    wanted = body.subscription(subscription_id)
    outcome = await change(request, lambda session: put_subscription(session, wanted, body.expected_revision))
    if isinstance(outcome, Stale):
        detail = f"The revision is {outcome.revision} by now; read it again, then decide."
        raise conflict("REVISION_MISMATCH", detail, current_revision=outcome.revision)
    return _view(outcome.kept, caller, outcome.made_secret)


@router.get("/subscriptions/{subscription_id}", responses=answers(_SUBSCRIPTION))
async def get_subscription(request: Request, caller: Reader, subscription_id: SubscriptionId) -> SubscriptionView:
    """Read a subscription."""
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await subscriptions.find_subscription(session, subscription_id)
    if found is None:
        raise _unknown(subscription_id)
    return _view(found, caller)


@router.get("/subscriptions", responses=answers({"data": [_SUBSCRIPTION], "next_cursor": None}))
async def list_subscriptions(request: Request, caller: Reader, cursor: Cursor = None, limit: Limit = 100) -> Page[SubscriptionView]:
    """List subscriptions by id."""
    after = str(decode_cursor(cursor, str)[0] or "") if cursor else ""
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await subscriptions.list_subscriptions(session, after, limit + 1)
    more = encode_cursor([rows[limit - 1].subscription.id]) if len(rows) > limit else None
    return Page(data=[_view(row, caller) for row in rows[:limit]], next_cursor=more)


@router.delete("/subscriptions/{subscription_id}", responses=answers({"subscription_id": "sales", "deleted": True}))
async def delete_subscription_whole(request: Request, caller: Writer, subscription_id: SubscriptionId) -> Deleted:
    """Delete a subscription; what is on its way to it is given up."""
    if not await change(request, lambda session: delete_subscription(session, subscription_id)):
        raise _unknown(subscription_id)
    return Deleted(subscription_id=subscription_id)


@router.post("/subscriptions/{subscription_id}/test", response_model=TestOutcome, responses=answers(_TEST))
async def send_test(
    request: Request, caller: Writer, subscription_id: SubscriptionId, body: Annotated[KeyBody | None, Body(examples=[{}])] = None
) -> Response:
    """Send a test message now, once, and answer what came of it."""
    deliverer: Deliverer = request.app.state.deliverer
    attempts = len(request.app.state.settings.retry_delays_seconds)

    async def write(session: Session) -> tuple[int, Json]:
        found = await subscriptions.find_subscription(session, subscription_id)
        if found is None:
            raise _unknown(subscription_id)
        if found.disabled_at is not None:
            raise conflict("SUBSCRIPTION_DISABLED", f"{found.disabled_reason}; put the subscription again first.")
        return 200, {"delivery_id": await deliver.write_test(session, subscription_id, attempts)}

    status, answer = await change_once(request, caller, body, write)
    if "delivery_id" not in answer:
        return JSONResponse(answer, status)
    database: Database = request.app.state.database
    delivery_id = str(answer["delivery_id"])
    taken = await database.run(lambda session: deliver.take_one(session, delivery_id, deliverer.lease_seconds))
    if taken is not None:
        await deliverer.attempt(taken)
    async with database.read() as session:
        found = await deliveries.find_delivery(session, delivery_id)
        tried = await deliveries.list_attempts(session, delivery_id)
    last = tried[-1] if tried else None
    outcome = TestOutcome.model_validate(
        {
            "delivery_id": delivery_id,
            "status": found.status if found else "undeliverable",
            "outcome": last and last.outcome,
            "status_code": last and last.status_code,
            "error": last and last.error,
            "response": last and last.response,
            "seconds": last and last.seconds,
            "replayed": answer.get("replayed", False),
        }
    )
    return JSONResponse(outcome.model_dump(mode="json"))


async def _look(request: Request, body: SubscriptionBody) -> None:
    """Refuse a channel that leads where it may not; one whose name cannot be resolved now is looked at before every message anyway."""
    sender: Sender = request.app.state.sender
    if body.allow_private and not request.app.state.settings.private_addresses:
        message = "this installation lets no subscription reach private addresses"
        raise unprocessable("PRIVATE_ADDRESSES_OFF", message, [FieldError("/allow_private", "PRIVATE_ADDRESSES_OFF", message)])
    try:
        await sender.look(body.channel, allow_private=body.allow_private)
    except (Refused, BadChannel) as error:
        code = "ADDRESS_REFUSED" if isinstance(error, Refused) else "INVALID_CHANNEL"
        raise unprocessable(code, str(error), [FieldError("/channel", code, str(error))]) from error
    except (Unresolved, TimeoutError):
        return


def _unknown(subscription_id: str) -> Problem:
    return not_found("UNKNOWN_SUBSCRIPTION", f"There is no subscription {subscription_id!r}.")


def _view(kept: Kept, caller: Caller, made_secret: str | None = None) -> SubscriptionView:
    subscription = kept.subscription
    quiet, digest = subscription.quiet_hours, subscription.digest
    return SubscriptionView.model_validate(
        {
            "subscription_id": subscription.id,
            "events": tuple(event for event in Event if event in subscription.events),
            "channel": shown(subscription.channel, whole=Scope.ALERTS_WRITE in caller.scopes),
            "secret": made_secret or "whsec_…",
            "filters": {name: getattr(subscription.filters, name) for name in FiltersView.model_fields},
            "severity": subscription.severity,
            "allow_private": subscription.allow_private,
            "quiet_hours": quiet
            and {
                "from": f"{quiet.begins:%H:%M}",
                "to": f"{quiet.ends:%H:%M}",
                "time_zone": quiet.time_zone,
                "except_critical": quiet.except_critical,
            },
            "digest": digest and {"at": f"{digest.at:%H:%M}", "time_zone": digest.time_zone},
            "grouping": subscription.grouping,
            "status": "active" if kept.disabled_at is None else "disabled",
            "disabled_at": kept.disabled_at,
            "disabled_reason": kept.disabled_reason,
            "revision": kept.revision,
            "created_at": kept.created_at,
            "updated_at": kept.updated_at,
        }
    )
