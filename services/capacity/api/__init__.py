"""What may be asked of capacity over HTTP."""

from services.capacity.api import calendars, capacity, products, resources, snapshot

ROUTERS = (calendars.router, resources.router, products.router, capacity.router, snapshot.router)
