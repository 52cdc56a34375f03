"""Quote owns promises: quotes, holds, orders, and every claim they have on stock.

Hears: inventory.stock.v1   Says: quote.orders.v1, quote.availability.v1, quote.risk.v1   Asks: inventory, for a snapshot only.
"""
