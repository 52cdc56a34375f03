"""Cases that wait for a part that does not exist yet, and which."""

NEEDS: dict[str, str] = {
    "sap-substitution": "substitutes",
    "sap-allocation-3-steps": "allocation: ceilings by period",
    "oracle-alloc-number": "allocation: floors",
    "oracle-alloc-ratio": "allocation: floors",
}
