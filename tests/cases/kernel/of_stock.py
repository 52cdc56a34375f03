"""Cases that stock, receipts and claims answer."""

from datetime import date
from typing import Any

from services.quote.domain.balance import balance, daily
from services.quote.domain.book import Book
from services.quote.domain.change import CurrentLine, amend
from services.quote.domain.entry import Entry, Part
from services.quote.domain.promise import Delivery, Demand, LineRequest, promise
from services.quote.domain.rules import Rules
from tests.cases.kernel.shelf import NOW, D, Shelf, a_book, dates, day_of, micro, of_given, short


def check_table(case: dict[str, Any], rules: Rules | None = None) -> None:
    shelf = of_given(case)
    found = balance(shelf.books["S"], shelf.day, NOW, rules or Rules())
    days = [day_of(day) for day in case["ask"]["table"]]
    assert [found.projected_on(day) for day in days] == [micro(quantity) for quantity in case["expect"]["projected"]]
    assert [found.atp_on(day) for day in days] == [micro(quantity) for quantity in case["expect"]["atp"]]


def check_table_without_late_receipts(case: dict[str, Any]) -> None:
    check_table(case, Rules(past_due_limit_days=0))


def check_period_atp(case: dict[str, Any]) -> None:
    given = case["given"]
    supply = [{"date": period, "qty": quantity} for period, quantity in zip(given["periods"], given["supply"], strict=True)]
    demand = [{"date": period, "qty": quantity} for period, quantity in zip(given["periods"], given["demand"], strict=True)]
    rows = daily(a_book(0, supply, demand), D + 1, D + 8, D + 1, NOW, Rules())
    assert [row.projected for row in rows] == [micro(quantity) for quantity in case["expect"]["projected_on_hand"]]
    alone = [sum(one.quantity for one in row.receipts) - sum(one.quantity for one in row.claims) for row in rows]
    assert alone == [micro(quantity) for quantity in case["expect"]["period_atp"]]


def check_master_schedule(case: dict[str, Any]) -> None:
    given = case["given"]
    supply = [{"date": period, "qty": quantity} for period, quantity in enumerate(given["mps"], 1) if quantity]
    demand = [{"date": period, "qty": quantity} for period, quantity in enumerate(given["booked"], 1)]
    rows = daily(a_book(given["on_hand"], supply, demand), D + 1, D + given["periods"], D + 1, NOW, Rules())
    assert {row.day - D: row.discrete for row in rows if row.discrete} == {
        period: micro(quantity) for period, quantity in case["expect"]["atp"].items()
    }


def check_pumps(case: dict[str, Any]) -> None:
    given = case["given"]
    supply = [{"date": week, "qty": quantity} for week, quantity in given["mps"].items()]
    demand = [{"date": week, "qty": quantity} for week, quantity in given["orders"].items()]
    found = balance(a_book(given["on_hand"], supply, demand), D + 1, NOW, Rules())
    assert found.atp_on(D + case["ask"]["atp_of_week"]) == micro(case["expect"]["atp"])


def check_earliest(case: dict[str, Any]) -> None:
    asked = case["ask"]
    start = day_of(asked.get("requested_delivery", asked.get("shipment_date")))
    if case["id"] == "bc-receipt-after-request":
        start = day_of(asked["shipment_date"])
    shelf = Shelf(a_book(0, case["given"]["supply"]), today=start)
    line = shelf.asked(asked["qty"], start).lines[0]
    assert line.promised_day == day_of(case["expect"]["earliest_ship"])


def check_orders_in_turn(case: dict[str, Any]) -> None:
    shelf = of_given(case)
    for number, order in enumerate(case["ask"]["orders"]):
        decision = shelf.ordered(order["qty"], day_of(order["due"]), partial=True)
        assert dates(decision) == [[day, quantity] for day, quantity in case["expect"]["promises"][number]]
        assert short(decision) == case["expect"]["short"][number]


def check_split(case: dict[str, Any]) -> None:
    asked = case["ask"]
    due = day_of(asked["due"])
    latest = due + asked["max_lateness_days"] if "max_lateness_days" in asked else None
    least = micro(asked["min_shipment"]) if "min_shipment" in asked else None
    decision = of_given(case).asked(asked["qty"], due, partial=True, latest_day=latest, min_ship=least)
    assert dates(decision) == case["expect"]["deliveries"]
    assert short(decision) == case["expect"].get("short", 0)


def check_schedule(case: dict[str, Any]) -> None:
    supply = [{"date": "2012-08-25", "qty": 100}, {"date": "2012-08-28", "qty": 50}]
    shelf = Shelf(a_book(200, supply), today=day_of(case["ask"]["date"]))
    assert dates(shelf.asked(case["ask"]["qty"], shelf.day, partial=True)) == case["expect"]["schedule"]


def check_independent_lines(case: dict[str, Any]) -> None:
    today = day_of(case["given"]["today"])
    lines, books = [], {}
    for number, (lead, asked) in enumerate(zip(case["given"]["lead_time_days"], case["ask"]["lines"], strict=True)):
        book = Book(f"SKU{number}", "S")
        book.apply([Entry(Part.RECEIPT, "made", micro(asked["qty"]), today + lead)], 1, NOW)
        books[book.sku] = book
        lines.append(LineRequest(str(number), book.sku, micro(asked["qty"]), day_of(asked["due"]), ("S",)))
    shelf = Shelf(today=today)
    shelf.book = lambda sku, site: books[sku] if site else None  # type: ignore[method-assign]
    found = [date.fromordinal(line.promised_day or 0).isoformat() for line in promise(Demand(tuple(lines)), shelf).lines]
    assert found == case["expect"]["line_dates"]
    together = promise(Demand(tuple(lines), ship_complete=True), shelf)
    assert {line.promised_day for line in together.lines} == {day_of(max(found))}


def check_old_receipt(case: dict[str, Any]) -> None:
    given = case["given"]
    rules = Rules(given["delayed_supply_offset_days"], given["backward_supply_fence_days"])
    shelf = Shelf(a_book(given["on_hand"], given["supply"]), rules=rules)
    found = balance(shelf.books["S"], D, NOW, rules)
    assert {day: found.atp_on(day_of(day)) // 1_000_000 for day in case["expect"]["atp"]} == case["expect"]["atp"]
    assert shelf.asked(case["ask"]["qty"], D).outcome == "none"


def check_promise_not_improved(case: dict[str, Any]) -> None:
    promised = day_of(case["given"]["current_promise"])
    raised, lowered = (day_of(change["possible_from"]) for change in case["ask"]["changes"])
    supply = [{"date": date.fromordinal(lowered).isoformat(), "qty": 10}, {"date": date.fromordinal(raised).isoformat(), "qty": 5}]
    book = a_book(0, supply)
    book.apply([Entry(Part.CLAIM, "o", micro(10), promised, None, {"owner": "o"})], 2, NOW)
    asked = LineRequest("1", "SKU", micro(10), lowered - 5, ("S",))
    now = CurrentLine(asked, (Delivery("S", micro(10), promised, promised, promised),), promised, promised)
    found = []
    for quantity in (15, 8):
        wanted = LineRequest("1", "SKU", micro(quantity), asked.requested_day, ("S",))
        found.append(amend([now], [wanted], Shelf(book, today=D), "o").lines[0].promised_day)
    assert found == [day_of(day) for day in case["expect"]["new_promise"]]


def check_asking_changes_nothing(case: dict[str, Any]) -> None:
    given = case["given"]
    book = a_book(given["on_hand"], [{"date": "D+7", "qty": 1}], [{"date": "D", "qty": given["order"]["reserved"]}])
    before = (book.version, list(book.entries()))
    Shelf(book).asked(given["order"]["qty"], D, partial=True)
    assert (book.version, list(book.entries())) == before
    assert book.find(Part.CLAIM, "C0") == Entry(Part.CLAIM, "C0", micro(1), D)


def check_assigned(case: dict[str, Any]) -> None:
    shelf = Shelf(a_book(case["given"]["on_hand"]))
    answers = [shelf.ordered(quantity, D, partial=True) for quantity in case["ask"]["moves"]]
    assert sorted(one.lines[0].promised_quantity for one in answers) == [micro(quantity) for quantity in case["expect"]["assigned"]]
    assert all(one.outcome == "full" for one in answers) == case["expect"]["success"]
    assert shelf.free() == 0


def check_confirm(case: dict[str, Any]) -> None:
    given = case["given"]
    shelf = Shelf(a_book(given["on_hand"]["L1"], demand=[{"date": "D", "qty": given["reserved"]["L1"]}]))
    assert [shelf.asked(quantity, D).outcome == "full" for quantity in case["ask"]["qty"]] == case["expect"]["ok"]


def check_all_or_nothing(case: dict[str, Any]) -> None:
    given = case["given"]
    taken = [{"date": "D", "qty": given["allocated_before_total"]}]
    shelf = Shelf(a_book(given["on_hand"]["W1"], demand=taken, site="W1"), a_book(given["on_hand"]["W2"], site="W2"))
    line = LineRequest("1", "SKU", micro(case["ask"]["qty"]), D, ("W1", "W2"))
    decision = promise(Demand((line,), allow_partial=True, ship_complete=True), shelf)
    assert (decision.outcome, decision.written) == ("none", frozenset())


def check_complete(case: dict[str, Any]) -> None:
    quantity = case["ask"]["qty"]
    assert Shelf(a_book(case["given"]["stock"])).asked(quantity, D).lines[0].promised_quantity == case["expect"]["released"]
    assert Shelf(a_book(10)).asked(quantity, D).lines[0].promised_quantity == micro(case["expect"]["then_stock_10_released"])


def check_first_come(case: dict[str, Any]) -> None:
    shelf = Shelf(a_book(case["given"]["stock"]))
    assert shelf.ordered(case["given"]["orders"][0]["confirmed"], D).outcome == "full"
    assert shelf.free() == micro(case["expect"]["available"])
    assert shelf.asked(5000, D, partial=True).lines[0].promised_quantity == micro(case["expect"]["confirmed"])


def check_protected(case: dict[str, Any]) -> None:
    shelf = Shelf(a_book(case["given"]["stock"], safety=case["expect"]["protected"]))
    assert shelf.free() == micro(case["expect"]["available"])
    decision = shelf.asked(case["ask"]["qty"], D, partial=True)
    assert decision.lines[0].promised_quantity == micro(case["expect"]["confirmed"])
    assert short(decision) == case["expect"]["open"]


def check_sites(case: dict[str, Any]) -> None:
    books = [a_book(quantity, site=f"W{number}") for number, quantity in enumerate(case["given"]["on_hand"])]
    line = Shelf(*books).asked(case["ask"]["qty"], D, partial=True).lines[0]
    assert (line.outcome == "full") == case["expect"]["accepted"]
    if case["expect"]["accepted"]:
        assert len(line.deliveries) == case["expect"]["packages"]


def check_collection_point(case: dict[str, Any]) -> None:
    shelf = Shelf(*(a_book(quantity, site=site) for site, quantity in case["given"]["on_hand"].items()))
    first = case["ask"]["collection_point"]
    sites = (first, *(site for site in shelf.books if site != first))
    line = shelf.asked(case["ask"]["qty"], D, sites=sites).lines[0]
    assert {one.site: one.quantity for one in line.deliveries} == {first: micro(case["expect"]["allocated"][first])}


def check_stock_first(case: dict[str, Any]) -> None:
    stock, ship = case["given"]["batches"]
    shelf = Shelf(a_book(stock["qty"], [{"ref": ship["ref"], "date": ship["eta"], "qty": ship["qty"]}]))
    assert [peg.source for peg in shelf.asked(case["ask"]["qty"], D).lines[0].pegging] == ["on_hand"]


def check_in_one_batch(case: dict[str, Any]) -> None:
    """Requests that meet are decided one after the other behind one lock, each on what the one before left."""
    shelf = Shelf(a_book(case["given"]["on_hand"]))
    answers = [shelf.ordered(case["ask"]["qty_each"], D).outcome for _ in range(case["ask"]["parallel"])]
    assert answers.count("full") == case["expect"]["accepted"]
    claimed = sum(claim.quantity for claim in shelf.books["S"].of(Part.CLAIM))
    assert claimed == micro(case["expect"].get("reserved_total", case["expect"].get("allocated_counter")))
