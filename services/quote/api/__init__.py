"""What may be asked of quote over HTTP."""

from services.quote.api import (
    allocations,
    availability,
    classes,
    customers,
    decisions,
    imports,
    kpis,
    orders,
    plans,
    policies,
    quotes,
    repromise,
    snapshot,
    stream,
)

ROUTERS = (
    quotes.straight,
    orders.straight,
    quotes.router,
    orders.router,
    availability.router,
    decisions.router,
    plans.router,
    customers.router,
    policies.router,
    imports.router,
    classes.router,
    repromise.router,
    allocations.router,
    kpis.router,
    stream.router,
    snapshot.router,
)
