"""Capacity will own what can be made when: calendars, resources, bills of material, routings. It stands, and keeps nothing yet.

Hears: nothing yet   Says: nothing yet   Asks: nobody.
"""
