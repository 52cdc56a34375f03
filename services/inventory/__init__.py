"""Inventory owns stock: what is on hand, what is coming, what has left, where; and the words for items, sites and lanes.

Hears: inventory.updates.v1 (from outside), quote.orders.v1 (which order lines are still open)   Says: inventory.stock.v1   Asks: nobody.
"""
