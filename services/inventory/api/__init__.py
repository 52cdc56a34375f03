"""What may be asked of inventory over HTTP."""

from services.inventory.api import imports, lanes, masters, movements, receipts, snapshot, stock, suppliers, updates

ROUTERS = (
    masters.router,
    lanes.router,
    suppliers.router,
    stock.router,
    movements.router,
    receipts.router,
    snapshot.router,
    imports.router,
    updates.router,
)
