"""How notifier reaches the world outside: signed webhooks by itself, e-mail and chat by apprise; private addresses only when allowed."""

from services.notifier.gateway.addresses import Refused, Unresolved
from services.notifier.gateway.channels import Outcome, Sender, is_webhook, shown
from services.notifier.gateway.owner import snapshot_of_quote
from services.notifier.gateway.people import BadChannel, check

__all__ = ["BadChannel", "Outcome", "Refused", "Sender", "Unresolved", "check", "is_webhook", "shown", "snapshot_of_quote"]
