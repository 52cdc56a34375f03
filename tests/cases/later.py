"""Cases that wait for a part that does not exist yet, and which."""

NEEDS: dict[str, str] = {
    "bc-ctp-remainder": "make: what stock and receipts do not cover is made",
    "frepple-ctp-multilevel": "make: bill of material over several levels",
    "frepple-capacity-refuse": "capacity",
    "frepple-capacity-material": "capacity and components",
    "frepple-supplier-lot": "buy: minimum and multiple",
    "frepple-supplier-safety-lead": "buy: lead time of a supplier",
    "frepple-autofence-2": "buy, with the ATP fence",
    "frepple-fence-calendar-1": "make, with the ATP fence",
    "frepple-multisite-1a": "transfer and buy",
    "frepple-multisite-2": "transfer and buy",
    "sap-substitution": "substitutes",
    "sap-allocation-3-steps": "allocation: ceilings by period",
    "oracle-alloc-number": "allocation: floors",
    "oracle-alloc-ratio": "allocation: floors",
    "oca-ordered-atp-urgent-4": "re-promising by rank",
    "oca-ordered-atp-urgent-5": "re-promising by rank",
}
