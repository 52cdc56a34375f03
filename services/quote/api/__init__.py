"""What may be asked of quote over HTTP."""

from services.quote.api import availability, decisions, orders, quotes, snapshot, stream

ROUTERS = (
    quotes.straight,
    orders.straight,
    quotes.router,
    orders.router,
    availability.router,
    decisions.router,
    stream.router,
    snapshot.router,
)
