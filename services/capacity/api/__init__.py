"""What may be asked of capacity over HTTP."""

from services.capacity.api import calendars, capacity, imports, products, resources, snapshot

ROUTERS = (calendars.router, resources.router, products.router, capacity.router, imports.router, snapshot.router)
