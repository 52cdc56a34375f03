"""Cases in which more is made, bought, moved or replaced."""

from datetime import datetime
from typing import Any

from services.quote.domain.bins import StockBin
from services.quote.domain.book import Book
from services.quote.domain.dates import immediate
from services.quote.domain.demandclass import Strategy
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.repromise import repromise
from services.quote.domain.request import Substitute
from services.quote.domain.risk import Commitment, Route, Take, foresee
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Component, Kind, Make, Need, Operation, Transfer
from services.quote.domain.standing import Piece, Standing
from tests.cases.kernel.shelf import NOW, D, Works, a_book, a_way, bought, dates, day_of, micro, short


def check_remainder(case: dict[str, Any]) -> None:
    """What stock and scheduled orders do not cover is made."""
    shelf = Works(D, a_book(case["given"]["on_hand_plus_scheduled"]))
    shelf.source["SKU", "S"] = (Make("SKU", (), (), lead_time_days=3),)
    decision = shelf.asked(case["ask"]["qty"], D, sites=("S",))
    assert [plan.quantity for plan in decision.planned] == [micro(case["expect"]["ctp_qty"])]
    assert sum(peg.quantity for peg in decision.lines[0].pegging if peg.plan is None) == micro(case["expect"]["atp_qty"])


def check_supplier_lot(case: dict[str, Any]) -> None:
    given = case["given"]
    shelf = Works(day_of(given["today"]), a_book(given["on_hand"]))
    shelf.source["SKU", "S"] = (bought(given["lead_days"], given["min_lot"], given["lot_multiple"]),)
    planned = []
    for order, expected in zip(case["ask"]["orders"], case["expect"]["promises"], strict=True):
        decision = shelf.ordered(order["qty"], day_of(order["due"]), partial=True, sites=("S",))
        assert dates(decision) == expected
        planned += [plan.quantity for plan in decision.planned]
    assert planned == [micro(case["expect"]["purchase_qty"])]


def check_supplier_safety_lead(case: dict[str, Any]) -> None:
    """The safety time that always counts is days from arrival until usable. Bought once for all of them, or each for itself."""
    given = case["given"]
    shelf = Works(day_of(given["today"]), a_book(given["on_hand"]), rules=Rules(dock_to_stock_days=given["hard_safety_lead_days"]))
    shelf.source["SKU", "S"] = (bought(given["lead_days"]),)
    found = [shelf.ordered(order["qty"], day_of(order["due"]), sites=("S",)).lines[0].promised_day for order in case["ask"]["orders"]]
    assert found == [day_of(promised) for promised in case["expect"]["promises"]]


def check_fence(case: dict[str, Any]) -> None:
    given = case["given"]
    rules = Rules(atp_fence_days=given["fence_days"])
    shelf = Works(day_of(given["today"]), a_book(0, given["supply"]), rules=rules)
    shelf.source["SKU", "S"] = (bought(given["lead_time_days"]),)
    assert dates(shelf.asked(case["ask"]["qty"], day_of(case["ask"]["due"]), partial=True, sites=("S",))) == case["expect"]["deliveries"]


def check_multilevel(case: dict[str, Any]) -> None:
    """Their steps follow one another by the hour, ours by the day: each level begins the day after the one before has ended."""
    today, quantity = day_of(case["given"]["today"]), case["ask"]["qty"]
    shelf = Works(today)

    def level(sku: str, hours: float, *parts: str) -> None:
        step = Operation(10, sku, 0, 0, micro(hours * 60))
        shelf.source[sku, "S"] = (Make(sku, tuple(Component((part,), micro(1)) for part in parts), (step,)),)

    level("SKU", 24, "L2")
    level("L2", 24 + 12, "3A", "3B")
    level("3A", 24 + 6, "4A")
    level("3B", 12, "4B")
    level("4A", 48 + 1)
    level("4B", 1)
    decision = shelf.asked(quantity, today, sites=("S",))
    hours = [49, 30, 36, 24]
    assert sum(hours) == (datetime.fromisoformat(case["expect"]["deliveries"][0][0]) - datetime.fromordinal(today)).total_seconds() / 3600
    assert decision.lines[0].promised_day == today + sum(-(-each // 24) for each in hours)
    chain = [plan.sku for plan in decision.planned if plan.latest_start_day == plan.start_day]
    assert [{"SKU": "L1"}.get(sku, sku) for sku in chain] == case["expect"]["critical_path"]


def check_capacity_refuses(case: dict[str, Any]) -> None:
    """A lot a day; all want it for the same day, and there are two days. Theirs deliver a day after making, at hours of the day."""
    asked = case["ask"]["orders"]
    last = day_of("2009-01-04")
    shelf = Works(last - 2)
    minutes = Book("M", RESOURCE)
    detail = {"site": "S", "weekly": [1440] * 7, "days": {}, "at_once": micro(1)}
    minutes.apply([Entry(Part.CAPACITY, "", 1, None, None, detail)], 1, NOW)
    shelf.stands["M", RESOURCE] = minutes
    step = Operation(10, "make", micro(1440), 0, 0, options=((Need(("M",), "M"),),))
    shelf.source["SKU", "S"] = (Make("SKU", (), (step,)),)
    found = [shelf.ordered(order["qty"], last, sites=("S",), latest_day=last) for order in asked]
    assert [short(decision) for decision in found] == case["expect"]["short"]


def network(case: dict[str, Any]) -> Works:
    given = case["given"]
    books = [replace_site(a_book(quantity), site) for site, quantity in given["on_hand"].items()]
    shelf = Works(day_of(given["today"]), *books)
    for name, days in given["transfer"].items():
        here, _, there = name.partition("_")
        lane = Transfer(name, here, a_way(transit_days=days, lane=name))
        shelf.source["SKU", there] = (*shelf.source.get(("SKU", there), ()), lane)
    for site, said in given["purchase"].items():
        shelf.source["SKU", site] = (*shelf.source.get(("SKU", site), ()), bought(int(said.split()[0])))
    return shelf


def replace_site(book: Book, site: str) -> Book:
    moved = Book(book.sku, site)
    moved.apply(book.entries(), 1, NOW)
    return moved


def check_network_in_time(case: dict[str, Any]) -> None:
    """Planned as early as can be, and said how late it may be begun: that is the day that planning backward starts on."""
    shelf, asked = network(case), case["ask"]
    decision = shelf.asked(asked["qty"], day_of(asked["due"]), sites=(asked["site"],))
    assert dates(decision) == case["expect"]["deliveries"]
    (purchase,) = [plan for plan in decision.planned if plan.kind == Kind.BUY]
    assert purchase.latest_start_day == day_of(case["expect"]["purchase_start"])


def check_network_of_several_plans(case: dict[str, Any]) -> None:
    """What is in stock at the centre is moved at once; the rest follows once it is bought there."""
    shelf = network(case)
    for order, expected in zip(case["ask"]["orders"], case["expect"]["promises"], strict=True):
        assert dates(shelf.ordered(order["qty"], day_of(order["due"]), partial=True, sites=(order["site"],))) == expected


def check_urgent(case: dict[str, Any]) -> None:
    """By priority, then date: who is served is the same whether it is only foreseen, or promised anew."""
    given = case["given"]
    orders = {one["ref"]: (one["ref"] not in given["urgent"], day_of(one["date"][:10]), micro(one["qty"])) for one in given["orders"]}
    served = sorted(orders, key=lambda ref: orders[ref][:2])
    before = {ref: sum(orders[other][2] for other in served[: served.index(ref)]) for ref in orders}
    assert before == {ref: micro(quantity) for ref, quantity in case["expect"]["previous"].items()}
    today = min(when for _, when, _ in orders.values())
    stock = {"SKU|S": StockBin(today, {today: micro(given["stock"])})}
    route = Route("SKU|S", immediate(today))
    commitments = [
        Commitment(str(ref), (late, when), (Take("SKU|S", when, quantity, when),), when) for ref, (late, when, quantity) in orders.items()
    ]
    fates = foresee(commitments, stock)
    promises = [
        Standing(str(ref), (late, when), (Piece("SKU|S", when, quantity, when, (route,)),), when, when, Strategy.FILL, fates[str(ref)].kept)
        for ref, (late, when, quantity) in orders.items()
    ]
    anew = repromise(promises, stock)
    for ref, expected in case["expect"]["promised"].items():
        quantity = orders[ref][2]
        assert [quantity if day is not None else 0 for day in (fates[str(ref)].day, anew[str(ref)].day)] == [micro(expected)] * 2


def check_substitution(case: dict[str, Any]) -> None:
    """In one delivery, since both are at one site."""
    atp = case["given"]["atp"]
    shelf = Works(D, a_book(atp["P1"]))
    instead = Book("P2", "S")
    instead.apply([Entry(Part.STOCK, "", micro(float(str(atp["P2"]).split()[-1])))], 1, NOW)
    shelf.stands["P2", "S"] = instead
    for partial in (False, True):
        decision = shelf.asked(case["ask"]["qty"], D, partial=partial, sites=("S",), substitutes=(Substitute("P2", ("S",)),))
        confirmed = [{"item": one.sku or "P1", "qty": one.quantity // 1_000_000} for one in decision.lines[0].deliveries]
        assert confirmed == case["expect"]["confirmed"]
