"""Put, read and delete subscriptions."""

import base64
import secrets
from dataclasses import dataclass, replace

from services.notifier.domain.subscription import Subscription
from services.notifier.store import deliveries, subscriptions
from services.notifier.store.subscriptions import Kept
from shared.database import Session

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Stale:
    """The subscription has another revision than the caller expected."""

    revision: int


@dataclass(frozen=True, slots=True)
class Put:
    """The subscription as it is kept; `made_secret` is a secret that nobody has seen yet."""

    kept: Kept
    made_secret: str | None


async def put_subscription(session: Session, wanted: Subscription, expected_revision: int | None) -> Put | Stale:
    """Put the whole subscription in place; without a secret it keeps the one it has, or gets one."""
    before = await subscriptions.lock_subscription(session, wanted.id)
    revision = 0 if before is None else before.revision
    if expected_revision not in (None, revision):
        return Stale(revision)
    made = None
    if not wanted.secret:
        if before is None:
            made = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        wanted = replace(wanted, secret=made or (before.subscription.secret if before else ""))
    if before is not None and before.subscription == wanted and before.disabled_at is None:
        return Put(before, None)
    return Put(await subscriptions.save_subscription(session, wanted), made)


async def delete_subscription(session: Session, subscription_id: str) -> bool:
    """Tell it nothing any more, not even what is on its way; False when there is none."""
    if await subscriptions.lock_subscription(session, subscription_id) is None:
        return False
    await deliveries.abandon(session, subscription_id, "the subscription was deleted")
    await subscriptions.delete_subscription(session, subscription_id)
    return True
