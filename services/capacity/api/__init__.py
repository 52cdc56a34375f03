"""What may be asked of capacity over HTTP."""

from services.capacity.api import calendars, capacity, imports, products, resources, snapshot, updates

ROUTERS = (calendars.router, resources.router, products.router, capacity.router, imports.router, snapshot.router, updates.router)
