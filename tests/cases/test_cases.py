"""Others' worked cases against the kernel: each has an adapter, and no case is forgotten."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Component, Make, Need, Operation
from tests.cases.kernel import of_days, of_rations, of_sources, of_stock
from tests.cases.kernel.shelf import NOW, D, Shelf, Works, a_book, a_way, all_days_but, bought, day_of, micro
from tests.cases.later import NEEDS
from tests.cases.not_ours import RULES

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
}

ADAPTERS: dict[str, Callable[[dict[str, Any]], None]] = {
    "oracle-period-atp": of_stock.check_period_atp,
    "sap-allocation-3-steps": of_rations.check_quotas,
    "oracle-alloc-number": of_rations.check_targets,
    "oracle-alloc-ratio": of_rations.check_targets,
    "stevenson-pumps-week1": of_stock.check_pumps,
    "bc-two-receipts-needed": of_stock.check_earliest,
    "bc-receipt-after-request": of_stock.check_earliest,
    "iv-step3": of_stock.check_table,
    "iv-step5": of_stock.check_table,
    "iv-step7-roll": of_stock.check_table,
    "iv-step8-late-receipt": of_stock.check_table_without_late_receipts,
    "d365-fence-excludes-old": of_stock.check_old_receipt,
    "frepple-material-1": of_stock.check_orders_in_turn,
    "frepple-material-3": of_stock.check_orders_in_turn,
    "frepple-material-4": of_stock.check_orders_in_turn,
    "frepple-future-commitment-held": of_stock.check_split,
    "frepple-policy-B": of_stock.check_split,
    "frepple-policy-D": of_stock.check_split,
    "frepple-policy-F": of_stock.check_split,
    "frepple-policy-H-independent": of_stock.check_independent_lines,
    "sapb1-schedule": of_stock.check_schedule,
    "d365-promise-not-improved": of_stock.check_promise_not_improved,
    "bc-check-does-not-move-reservations": of_stock.check_asking_changes_nothing,
    "tryton-assign-2": of_stock.check_assigned,
    "tryton-assign-4": of_stock.check_assigned,
    "medusa-confirm": of_stock.check_confirm,
    "saleor-all-or-nothing": of_stock.check_all_or_nothing,
    "oca-ship-complete": of_stock.check_complete,
    "sap-bop-first-come": of_stock.check_first_come,
    "sap-pass-protected": of_stock.check_protected,
    "oca-ordered-atp-urgent-4": of_sources.check_urgent,
    "oca-ordered-atp-urgent-5": of_sources.check_urgent,
    "solidus-split-2": of_stock.check_sites,
    "solidus-split-4": of_stock.check_sites,
    "solidus-split-6": of_stock.check_sites,
    "saleor-collection-point": of_stock.check_collection_point,
    "cosmic-stock-first": of_stock.check_stock_first,
    "conc-last-unit": of_stock.check_in_one_batch,
    "conc-no-lost-update": of_stock.check_in_one_batch,
    "bc-handling-and-shipping-backward": of_days.check_handling_and_shipping_backward,
    "bc-calendar-2": of_days.check_handling_over_a_closed_day,
    "frepple-calendar-holidays": of_days.check_next_working_day,
    "oca-window-2": of_days.check_receiving_days,
    "oca-window-4": of_days.check_receiving_days,
    "oca-window-6": of_days.check_receiving_days,
    "odoo-security-lead": of_days.check_security_days,
    "oca-cutoff-1": of_days.check_cut_off,
    "oca-cutoff-3": of_days.check_cut_off,
    "oca-cutoff-5": of_days.check_cut_off,
    "bc-ctp-remainder": of_sources.check_remainder,
    "frepple-supplier-lot": of_sources.check_supplier_lot,
    "frepple-supplier-safety-lead": of_sources.check_supplier_safety_lead,
    "frepple-autofence-2": of_sources.check_fence,
    "frepple-ctp-multilevel": of_sources.check_multilevel,
    "frepple-capacity-refuse": of_sources.check_capacity_refuses,
    "sap-substitution": of_sources.check_substitution,
    "frepple-multisite-1a": of_sources.check_network_of_several_plans,
    "frepple-multisite-2": of_sources.check_network_in_time,
}


def test_the_atp_row_of_a_master_schedule_is_discrete_atp() -> None:
    of_stock.check_master_schedule(CASES["mps-record-65"])


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_case_comes_out_as_its_source_says(name: str) -> None:
    ADAPTERS[name](CASES[name])


def test_every_case_stands_in_exactly_one_place() -> None:
    placed = [*ADAPTERS, *RULES, *NEEDS]
    assert sorted(placed) == sorted(CASES)


def test_what_we_answer_instead_is_what_the_table_of_other_rules_says() -> None:
    given = CASES["oracle-backward-accumulate"]["given"]
    supply = [{"date": period, "qty": quantity} for period, quantity in enumerate(given["supply"], start=1)]
    demand = [{"date": period, "qty": quantity} for period, quantity in enumerate(given["demand"], start=1)]
    found = balance(a_book(0, supply, demand), D + 1, NOW, Rules())
    assert [found.atp_on(D + period) // 1_000_000 for period in range(1, 9)] == [-1, -1, -1, -1, 1, 4, 6, 8]

    given = CASES["bc-outside-period-ignored"]["given"]
    assert Shelf(a_book(0, given["supply"], given["demand"])).asked(10, D).outcome == "none"

    given = CASES["bc-check-period-zero"]["given"]
    shelf = Shelf(a_book(0, given["supply"]), today=day_of("2020-01-23"))
    assert shelf.asked(10, shelf.day).lines[0].promised_day == day_of("2020-02-02")

    given = CASES["odoo-forecast"]["given"]
    found = balance(a_book(given["on_hand"], given["supply"], given["demand"]), D, NOW, Rules())
    assert [found.projected_on(D + later) // 1_000_000 for later in (0, 1)] == CASES["odoo-forecast"]["expect"]["projected"][1:]

    assert Shelf(a_book(2)).asked(3, D).outcome == "none", "medusa-backorder"


def test_making_forward_is_in_time_for_every_order_that_planning_backward_is_late_for() -> None:
    given, asked = CASES["frepple-capacity-material"]["given"], CASES["frepple-capacity-material"]["ask"]
    shelf = Works(day_of(given["today"]))
    machine = Book("M", RESOURCE)
    detail = {"site": "S", "weekly": [1440 * given["capacity"]] * 7, "days": {}, "at_once": micro(given["capacity"])}
    machine.apply([Entry(Part.CAPACITY, "", 1, None, None, detail)], 1, NOW)
    part = Book("PART", "S")
    part.apply([Entry(Part.STOCK, "", micro(given["on_hand"]["component"]))], 1, NOW)
    shelf.stands |= {("M", RESOURCE): machine, ("PART", "S"): part}
    step = Operation(10, "make", 0, micro(1440), options=((Need(("M",), "M"),),))
    shelf.source["SKU", "S"] = (Make("SKU", (Component(("PART",), micro(1)),), (step,)),)
    shelf.source["PART", "S"] = (bought(given["buy_component_days"]),)
    found = [shelf.ordered(order["qty"], day_of(order["due"]), sites=("S",)).outcome for order in asked["orders"]]
    assert found == ["full"] * 4


def test_a_wanted_day_that_does_not_work_is_met_before_it_and_later_only_when_it_must() -> None:
    given = CASES["bc-nonworking-request-day"]["given"]
    way = a_way(site_calendar=all_days_but(given["non_working"]), lane=None)
    assert way.latest_pick(D) == (D - 1, D - 1, D - 1), "asked before"
    assert way.deliver(D) == (D + 1, D + 1, D + 1), "asked on the day"

    case = CASES["bc-planned-delivery-nonworking"]
    way, wanted = a_way(site_calendar=all_days_but(case["given"]["non_working"]), lane=None), day_of(case["ask"]["set_planned_delivery"])
    assert way.latest_pick(wanted) == (wanted - 1, wanted - 1, wanted - 1), "asked before"
    assert way.deliver(wanted) == (day_of(case["expect"]["earliest_ship"]),) * 3, "asked on the day"
