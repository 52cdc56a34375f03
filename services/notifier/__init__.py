"""Notifier owns who is told what: subscriptions, alerts (one per cause), and the messages about them until they have arrived.

Hears: quote.risk.v1 (promises in danger), quote.orders.v1 (which order lines are over)   Says: notifier.alerts.v1   Asks: nobody.
"""
