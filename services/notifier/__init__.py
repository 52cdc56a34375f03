"""Notifier will own who is told what: subscriptions, alerts, deliveries. It stands, and tells nobody anything yet.

Hears: nothing yet   Says: nothing yet   Asks: nobody.
"""
