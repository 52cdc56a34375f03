"""Quote owns promises: quotes, holds, orders, and every claim they have on stock and on capacity; plans, risk, customers.

Hears: inventory.stock.v1, capacity.plan.v1   Says: quote.orders.v1, quote.availability.v1, quote.risk.v1
Asks: inventory and capacity, for a snapshot only.
"""
