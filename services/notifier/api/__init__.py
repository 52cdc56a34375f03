"""What may be asked of notifier over HTTP."""

from services.notifier.api import alerts, deliveries, subscriptions

ROUTERS = (subscriptions.router, alerts.router, deliveries.router)
