"""One example per operation, as the OpenAPI documents show it."""

from typing import Any

Json = dict[str, Any]


def _ask(summary: str, value: Json) -> Json:
    return {"one": {"summary": summary, "value": value}}


ASK_QUOTE = {
    "inquiry": {
        "summary": "Look only",
        "value": {"customer": "ACME", "lines": [{"sku": "CHAIR", "quantity": 10, "requested_date": "2026-12-01"}]},
    },
    "hold": {
        "summary": "Keep it for 15 minutes",
        "value": {
            "customer": "ACME",
            "mode": "hold",
            "ttl_seconds": 900,
            "idempotency_key": "deal-4711-1",
            "lines": [{"line_ref": "10", "sku": "CHAIR", "quantity": 10, "requested_date": "2026-12-01", "sites": ["SHOP-1", "WAREHOUSE"]}],
        },
    },
}
ASK_ORDER = _ask(
    "Promise or refuse, in one step",
    {"customer": "ACME", "idempotency_key": "deal-4711-2", "lines": [{"sku": "CHAIR", "quantity": 10, "requested_date": "2026-12-01"}]},
)
ASK_CONFIRM = _ask("Turn it into an order", {"idempotency_key": "deal-4711-3"})
ASK_RELEASE = _ask("The deal is lost", {"reason": "lost to a competitor"})
ASK_EXTEND = _ask("Another hour", {"ttl_seconds": 3600})
ASK_AMEND = _ask("Two more", {"expected_revision": 1, "reason": "customer asked", "lines": [{"line_ref": "10", "quantity": 12}]})
ASK_CANCEL = _ask("Give back one line", {"line_refs": ["10"], "reason": "customer asked"})
ASK_IMPORT = _ask(
    "An order the ERP has promised",
    {
        "orders": [
            {
                "external_id": "DEMAND-02", "source_system": "ERP", "customer": "ACME",
                "lines": [{"line_ref": "1", "sku": "CHAIR", "site": "SHOP-2", "quantity": 10, "promised_date": "2026-12-24"}],
            }
        ]
    },
)  # fmt: skip
ASK_BULK = _ask("Two pairs", {"pairs": [{"sku": "CHAIR", "site": "SHOP-1"}, {"sku": "CHAIR", "site": "WAREHOUSE"}]})

ASK_CLOSE_PLAN = _ask("Ordered elsewhere", {"reason": "bought by hand", "document": "PO-560"})
ASK_CUSTOMER = _ask("Receives on Thursdays", {"name": "Near shop 1", "calendar": "THURSDAYS", "demand_class": "GOLD"})
_DEFINED: Json = {"revision": 1, "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z"}
CUSTOMER: Json = {"customer": "ACME", "name": "Near shop 1", "calendar": "THURSDAYS", "demand_class": "GOLD", **_DEFINED}
CUSTOMERS: Json = {"data": [CUSTOMER], "next_cursor": None}
_POLICY: Json = {
    "name": "The first shop", "site": "SHOP-1", "past_due_limit_days": 14, "freshness": {"mode": "refuse", "stale_after_seconds": 300},
    "stability": {"most_moves": 2, "most_days": 3}, "costs": {"lateness_per_unit_day": 0.5, "handling_per_unit": None},
}  # fmt: skip
ASK_POLICY = _ask("For one site", _POLICY)
POLICY: Json = {
    "policy": "FIRST-SHOP", "sku": None, "past_due_offset_days": None, "atp_fence_days": None, **_POLICY, **_DEFINED
}  # fmt: skip
POLICIES: Json = {"data": [POLICY], "next_cursor": None}
ASK_CLASS = _ask("Within the web shop, before others", {"name": "Gold customers", "parent": "WEB", "rank": 10, "strategy": "win"})
CLASS: Json = {"demand_class": "GOLD", "name": "Gold customers", "parent": "WEB", "rank": 10, "strategy": "win", **_DEFINED}
CLASSES: Json = {"data": [CLASS], "next_cursor": None}
ASK_ALLOCATION: Json = {
    "ceiling": {
        "summary": "At most 100 a week",
        "value": {"kind": "ceiling", "demand_class": "RETAIL", "sku": "CHAIR", "sites": ["SHOP-1"], "quantity": 100, "period": "week"},
    },
    "periods": {
        "summary": "Periods with a quantity each",
        "value": {
            "kind": "ceiling", "demand_class": "RETAIL", "sku": "CHAIR",
            "periods": [
                {"from_date": "2026-12-01", "to_date": "2026-12-14", "quantity": 40},
                {"from_date": "2026-12-15", "to_date": "2026-12-31", "quantity": 80},
            ],
        },
    },
    "floor": {
        "summary": "30 are kept for gold customers until 15 December",
        "value": {
            "kind": "floor", "demand_class": "GOLD", "sku": "CHAIR", "sites": ["SHOP-1", "WAREHOUSE"], "quantity": 30,
            "release_date": "2026-12-15",
        },
    },
}  # fmt: skip
ASK_CLOSE_ALLOCATION = _ask("Over before its time", {"reason": "the campaign has ended"})
ALLOCATION: Json = {
    "allocation": "RETAIL-CHAIR", "name": None, "kind": "ceiling", "demand_class": "RETAIL", "sku": "CHAIR", "sites": ["SHOP-1"],
    "quantity": 100, "period": "week", "from_date": None, "to_date": None, "release_date": None, "closed": False,
    "periods": [
        {
            "from_date": "2026-11-30", "to_date": "2026-12-06", "quantity": 100, "consumed": 10, "left": 90,
            "consumed_by": [
                {
                    "owner": "ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "kind": "order", "line_ref": "10", "customer": "ACME",
                    "demand_class": "RETAIL", "site": "SHOP-1", "quantity": 10, "ship_date": "2026-12-03", "expires_at": None,
                }
            ],
        }
    ],
    **_DEFINED,
}  # fmt: skip
ALLOCATIONS: Json = {"data": [ALLOCATION], "next_cursor": None}
PLAN: Json = {
    "id": "pln_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "kind": "production_order", "sku": "CHAIR", "site": "FACTORY", "quantity": 6,
    "planned_quantity": 6, "start_date": "2026-11-30", "due_date": "2026-12-01", "late": False, "expected_date": None,
    "latest_start_date": "2026-12-01", "from_site": None, "supplier": None, "source": "CHAIR",
    "order_id": "ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "line_refs": ["10"], "status": "open",
}  # fmt: skip
PLANS: Json = {"data": [PLAN], "next_cursor": None}
PLAN_CLOSED: Json = {**PLAN, "status": "closed", "reason": "bought by hand"}
_DELIVERY: Json = {
    "site": "SHOP-1", "quantity": 10, "ship_date": "2026-12-03", "delivery_date": "2026-12-03", "time_zone": "UTC"
}  # fmt: skip
_REASONS: list[Json] = [
    {"step": "stock", "code": "PARTLY_COVERED", "ref": None, "summary": "4 of 10 on hand at SHOP-1", "adds_days": 0},
    {"step": "supply", "code": "AWAIT_SUPPLY", "ref": "PO-552", "summary": "6 wait for PO-552", "adds_days": 2},
]
_PEGGING: list[Json] = [
    {"quantity": 4, "source": "on_hand", "site": "SHOP-1", "ref": None},
    {"quantity": 6, "source": "purchase_order", "site": "SHOP-1", "ref": "PO-552", "due_date": "2026-12-03"},
]
_INPUTS: list[Json] = [{"source": "inventory", "site": "SHOP-1", "as_of": "2026-11-21T10:42:07Z", "age_seconds": 0.4, "stale": False}]
_LINE: Json = {
    "line_ref": "10", "sku": "CHAIR", "uom": "EA", "outcome": "late", "requested_quantity": 10, "requested_date": "2026-12-01",
    "promised_quantity": 10, "promised_date": "2026-12-03", "slip_days": 2, "limiting_step": "supply", "deliveries": [_DELIVERY],
    "pegging": _PEGGING, "reasons": _REASONS, "alternatives": [], "probability": None,
}  # fmt: skip
_SUMMARY = "10 EA on Thu 3 Dec 2026, two days later than asked: 6 wait for PO-552."
QUOTE: Json = {
    "id": "quo_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "status": "held", "mode": "hold", "expires_at": "2026-11-21T11:12:00Z", "order_id": None,
    "outcome": "late", "summary": _SUMMARY, "lines": [_LINE], "planned_supply": [],
    "inputs": _INPUTS, "decision_id": "dec_01JD7Z0K8M3Q9V5T2X4W6Y8ABC",
    "request_id": "req_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "created_at": "2026-11-21T10:57:00Z", "replayed": False,
}  # fmt: skip
CONFIRMED: Json = {
    **QUOTE, "status": "confirmed", "mode": "order", "expires_at": None, "order_id": "ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABC"
}  # fmt: skip
QUOTES: Json = {
    "data": [
        {
            "id": QUOTE["id"], "mode": "hold", "status": "held", "outcome": "late", "summary": _SUMMARY, "skus": ["CHAIR"],
            "customer": "ACME", "order_id": None, "expires_at": "2026-11-21T11:12:00Z", "created_at": "2026-11-21T10:57:00Z",
        }
    ],
    "next_cursor": None,
}  # fmt: skip
EXPLANATION: Json = {
    "id": QUOTE["id"], "decision_id": QUOTE["decision_id"], "outcome": "late", "summary": _SUMMARY,
    "lines": [
        {
            "line_ref": "10", "sku": "CHAIR", "outcome": "late", "requested_date": "2026-12-01", "promised_date": "2026-12-03",
            "slip_days": 2, "limiting_step": "supply", "reasons": _REASONS, "pegging": _PEGGING, "alternatives": [],
        }
    ],
    "inputs": _INPUTS,
}  # fmt: skip
_ORDER_LINE: Json = {
    "line_ref": "10", "sku": "CHAIR", "quantity": 10, "requested_date": "2026-12-01", "first_promised_date": "2026-12-03",
    "promised_date": "2026-12-03", "actual_date": None, "times_moved": 0, "status": "confirmed", "shipped_quantity": 0, "frozen": False,
    "at_risk": False,
    "risk": None,
    "deliveries": [{"site": "SHOP-1", "quantity": 10, "open_quantity": 10, "ship_date": "2026-12-03", "delivery_date": "2026-12-03"}],
}  # fmt: skip
ORDER: Json = {
    "id": CONFIRMED["order_id"], "status": "confirmed", "customer": "ACME", "quote_id": QUOTE["id"], "external_id": None,
    "source_system": None, "promised_elsewhere": False, "demand_class": None, "priority": 100, "frozen": False, "revision": 1,
    "created_at": "2026-11-21T10:57:00Z", "updated_at": "2026-11-21T10:57:00Z", "lines": [_ORDER_LINE],
}  # fmt: skip
AMENDED: Json = {
    **ORDER, "revision": 2, "outcome": "late", "summary": _SUMMARY, "planned_supply": [], "inputs": _INPUTS,
    "decision_id": QUOTE["decision_id"], "replayed": False,
    "lines": [
        {
            **{name: value for name, value in _LINE.items() if name not in ("promised_date", "deliveries")}, **_ORDER_LINE,
            "deliveries": [{**one, "time_zone": "UTC", "lane": None} for one in _ORDER_LINE["deliveries"]],
        }
    ],
}  # fmt: skip
ORDERS: Json = {"data": [ORDER], "next_cursor": None}
HISTORY: Json = {
    "data": [
        {
            "revision": 1, "at": "2026-11-21T10:57:00Z", "kind": "order-promised", "actor": "key:crm", "reason": None, "document": None,
            "decision_id": QUOTE["decision_id"], "lines": [_ORDER_LINE],
        }
    ],
    "next_cursor": None,
}  # fmt: skip
IMPORTED: Json = {
    "data": [{"external_id": "DEMAND-02", "outcome": "created", "order_id": CONFIRMED["order_id"], "revision": 1, "errors": []}],
    "replayed": False,
}
AVAILABILITY: Json = {
    "sku": "CHAIR", "site": "SHOP-1", "time_zone": "UTC", "version": 7, "as_of": "2026-11-21T10:57:00Z", "today": "2026-11-21",
    "on_hand": 4, "safety_stock": 0,
    "days": [
        {
            "date": "2026-11-21", "projected": 4, "atp": 0, "discrete_atp": 0, "receipts": [],
            "claims": [],
        },
        {
            "date": "2026-11-22", "projected": 0, "atp": 0, "discrete_atp": 0, "receipts": [],
            "claims": [
                {
                    "ref": "quo_01JD7Z0K8M3Q9V5T2X4W6Y8ABC/10/0", "kind": "order", "quantity": 4, "owner": CONFIRMED["order_id"],
                    "line_ref": "10", "customer": "ACME", "date": "2026-11-22",
                }
            ],
        },
    ],
    "inputs": _INPUTS,
}  # fmt: skip
BULK: Json = {
    "data": [
        AVAILABILITY,
        {"sku": "CHAIR", "site": "MOON", "error": {"code": "UNKNOWN_BOOK", "detail": "Nothing was ever said about CHAIR at MOON."}},
    ]
}
DECISION: Json = {
    "id": QUOTE["decision_id"], "at": "2026-11-21T10:57:00Z", "kind": "quote-held", "quote_id": QUOTE["id"], "order_id": None,
    "request": {"lines": [{"sku": "CHAIR", "quantity": 10}]}, "versions": {"CHAIR|SHOP-1": 6}, "result": QUOTE, "code_version": "0.1.0",
    "basis": {"seen": "7421:7421:", "past_due_offset_days": 1, "past_due_limit_days": 30},
}  # fmt: skip
REPLAY: Json = {
    "decision_id": QUOTE["decision_id"], "kind": "quote-held", "same": True, "differences": [], "at": "2026-11-21T10:57:00Z",
    "versions": {"CHAIR|SHOP-1": 6}, "master_data": "as_seen", "code_version": {"then": "0.1.0", "now": "0.1.0"},
}  # fmt: skip
LOAD: Json = {
    "resource": "SAW", "supplier_item": None, "site": "FACTORY", "time_zone": "UTC", "version": 3, "as_of": "2026-11-21T10:57:00Z",
    "days": [
        {
            "date": "2026-11-30", "available_minutes": 1440, "claimed_minutes": 360, "free_minutes": 1080,
            "claims": [
                {
                    "ref": "pln_01JD7Z0K8M3Q9V5T2X4W6Y8ABC/1", "minutes": 360, "owner": "pln_01JD7Z0K8M3Q9V5T2X4W6Y8ABC",
                    "plan_id": "pln_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "order_id": "ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "sku": "CHAIR",
                    "expires_at": None,
                }
            ],
        }
    ],
    "periods": [],
    "inputs": [{"source": "capacity", "site": "FACTORY", "as_of": "2026-11-21T10:42:07Z", "age_seconds": 0.4, "stale": False}],
}  # fmt: skip

ASK_REPROMISE = _ask(
    "Gold must have its dates, everybody else gives way where needed",
    {
        "scope": {"skus": ["CHAIR"], "sites": ["SHOP-1"]},
        "strategies": {"classes": {"gold": "win"}, "orders": {"ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABC": "lose"}, "default": "fill"},
        "limits": {"most_moves": 2, "most_days": 14},
        "reason": "PO-1 comes late",
    },
)
ASK_APPLY = _ask("Agreed", {"approve": True, "reason": "agreed with sales", "document": "MEMO-7"})
_CHANGE: Json = {
    "order_id": "ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABD", "line_ref": "10", "external_id": None, "customer": "ACME", "demand_class": "gold",
    "priority": 10, "strategy": "win", "sku": "CHAIR", "quantity": 10, "requested_date": "2026-12-01", "first_promised_date": "2026-12-08",
    "old_promised_date": "2026-12-08", "new_promised_date": "2026-12-01", "days": -7, "unsupplied": False, "times_moved": 0, "value": 450,
    "currency": "EUR",
    "deliveries": [{"site": "SHOP-1", "quantity": 10, "ship_date": "2026-12-01", "delivery_date": "2026-12-01", "sku": None}],
    "planned_supply": [],
    "reason": {"code": "IMPROVED", "summary": "it can be delivered 7 days earlier", "ref": None, "sku": "CHAIR", "site": None},
    "needs_approval": False,
}  # fmt: skip
_LOSS: Json = {
    **_CHANGE, "order_id": "ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "customer": "Corner Shop", "demand_class": None, "priority": 100,
    "strategy": "lose", "first_promised_date": "2026-12-01", "old_promised_date": "2026-12-01", "new_promised_date": "2026-12-08",
    "days": 7,
    "deliveries": [{"site": "SHOP-1", "quantity": 10, "ship_date": "2026-12-08", "delivery_date": "2026-12-08", "sku": None}],
    "planned_supply": [
        {"plan_id": "pln_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "kind": "purchase_order", "sku": "CHAIR", "site": "SHOP-1", "quantity": 10,
         "start_date": "2026-12-01", "due_date": "2026-12-08", "latest_start_date": "2026-12-01", "from_site": None, "supplier": "SEATS",
         "line_refs": ["10"], "components": [], "load": []},
    ],
    "reason": {
        "code": "GAVE_WAY", "ref": "ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABD", "sku": "CHAIR", "site": "SHOP-1",
        "summary": "order ord_01JD7Z0K8M3Q9V5T2X4W6Y8ABD takes CHAIR at SHOP-1: it can be delivered 7 days later",
    },
}  # fmt: skip
REPROMISED: Json = {
    "id": "rep_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "status": "simulated", "created_at": "2026-11-30T09:00:00Z", "applied_at": None,
    "summary": "1 promise would win, 1 promise would lose, 3 would stay.", "winners": [_CHANGE], "losers": [_LOSS], "moved": [],
    "unchanged": 3, "not_planned_for": 0, "values": [{"currency": "EUR", "winners": 450, "losers": 450}], "needs_approval": False,
    "books": [{"sku": "CHAIR", "site": "SHOP-1", "version": 17}], "request": {"scope": {"skus": ["CHAIR"], "sites": ["SHOP-1"]}},
    "request_id": "req_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "replayed": False,
}  # fmt: skip
APPLIED: Json = {
    **REPROMISED, "status": "applied", "applied_at": "2026-11-30T09:05:00Z", "decision_id": "dec_01JD7Z0K8M3Q9V5T2X4W6Y8ABC",
    "summary": "1 promise won, 1 promise lost, 3 stayed.",
}  # fmt: skip
_KEPT: Json = {"kpi": "kept_first_promise", "value": 0.925, "unit": "share", "count": 37, "of": 40, "breakdown": []}
KPIS: Json = {
    "as_of": "2026-11-30T09:00:00Z", "from_date": "2026-11-01", "to_date": "2026-11-30", "customer": None, "sku": None, "site": "SHOP-1",
    "data": [
        _KEPT,
        {
            "kpi": "value_at_risk", "value": 4500, "unit": "money", "count": 3, "of": 4,
            "breakdown": [{"name": "EUR", "value": 4500}],
        },
    ],
    "inputs": [{"source": "inventory", "site": "SHOP-1", "as_of": "2026-11-30T08:59:59Z", "age_seconds": 1, "stale": False}],
}  # fmt: skip
KPI_DEFINITIONS: Json = {
    "data": [
        {
            "kpi": "kept_first_promise", "name": "Kept first promise (OTIF)", "unit": "share",
            "formula": "lines delivered in full by their first promised date / lines due by it",
            "date_basis": "first promised date in the period, and the line closed or that date past at its site",
            "exclusions": "Cancelled lines are left out.", "owner": "operations", "better": "higher",
            "filters": ["customer", "sku", "site"],
        },
    ],
    "next_cursor": None,
}  # fmt: skip
