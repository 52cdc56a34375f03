"""What may be asked of capacity over HTTP."""

from services.capacity.api import calendars, capacity, imports, operations, products, resources, snapshot, updates

ROUTERS = (
    calendars.router,
    resources.router,
    products.router,
    operations.router,
    capacity.router,
    imports.router,
    snapshot.router,
    updates.router,
)
