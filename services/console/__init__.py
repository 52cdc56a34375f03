"""Console shows sales and operations the same truth; it owns nothing.

Hears: quote's live stream   Says: nothing   Asks: quote, inventory, capacity and notifier, over HTTP.
"""
