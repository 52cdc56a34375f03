"""Capacity owns what can be made when: calendars, resources with downtime and overtime, bills of material, routings.

Hears: inventory.stock.v1 (which items there are)   Says: capacity.plan.v1   Asks: inventory, for a snapshot of its items.
"""
