"""The words the services exchange: one Pydantic model per event, one module per owner.

An event carries the full state of its entity with its revision (`EntityEvent`); a consumer replaces what it
knew and drops `revision <= seen`. Quantities are exact decimals, instants are UTC, dates are civil dates.
"""
