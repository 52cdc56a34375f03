"""Capacity owns what can be made when: calendars, resources with downtime and overtime, bills of material, routings.

Hears: capacity.updates.v1 (from outside), inventory.stock.v1 (which items there are)
Says: capacity.plan.v1   Asks: inventory, for a snapshot of its items.
"""
