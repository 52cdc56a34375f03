"""A hold takes stock that is kept for later where its own plans replace it: held, ended, extended, confirmed, nobody is hurt."""

from datetime import timedelta
from typing import Any

from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.handlers.hold import ConfirmHold, Expire, Extend, Release
from services.quote.handlers.inquire import answered
from services.quote.handlers.take import Take
from services.quote.ledger import Effect
from tests.unit.quote.desk_house import TODAY, DeskHouse, a_day, a_hold, an_order

CHAIR = "CHAIR"
MICRO = 1_000_000


def a_house(promised_on: int = 9) -> DeskHouse:
    """Ten chairs that are promised for later, and a saw that makes two a day."""
    house = DeskHouse()
    house.item(CHAIR)
    house.machine("SAW", 2)
    house.stock(CHAIR, 10)
    house.made_on(CHAIR, "SAW")
    house.do(Take(an_order(chairs(10, promised_on)), "test", "req_1"))
    return house


def chairs(quantity: float, day: int = 0) -> dict[str, Any]:
    return {"line_ref": "1", "sku": CHAIR, "quantity": quantity, "requested_date": a_day(day).isoformat(), "sites": ["HAM"]}


def held(house: DeskHouse, quantity: float, ttl: int = 900) -> Effect:
    return house.do(Take(a_hold(chairs(quantity), ttl_seconds=ttl), "test", "req_2", ttl_seconds=ttl))


def projected(house: DeskHouse, *days: int) -> list[float]:
    book: Book = house.book(CHAIR)
    figures = balance(book, house.board.today("HAM", house.now), house.now, house.board.rules(CHAIR, "HAM"))
    return [figures.projected_on(TODAY.toordinal() + day) / MICRO for day in days]


def test_a_hold_is_promised_what_the_inquiry_says_and_what_it_took_early_comes_back_while_it_lives() -> None:
    house = a_house()
    asked, _ = answered(house.board, a_hold(chairs(6)), house.now, "quo_1", "dec_1", None)
    hold = held(house, 6)
    assert hold.status == 200
    said = [(body["lines"][0]["outcome"], body["lines"][0]["promised_date"]) for body in (asked, hold.body)]
    assert said == [("full", a_day(0).isoformat())] * 2
    assert projected(house, 0, 2, 3, 8, 9) == [4, 4, 10, 10, 0], "three days later six more are there"


def test_a_hold_that_ends_leaves_nothing_behind_and_others_never_stood_on_what_would_come_back() -> None:
    for end in ("release", "expire", "silence"):
        house = a_house()
        before = house.books()
        quote_id = held(house, 6).body["id"]
        assert projected(house, 0, 3, 9) == [4, 10, 0]
        house.now += timedelta(seconds=0 if end == "release" else 901)
        if end != "silence":
            house.do(Release(quote_id, "test") if end == "release" else Expire(quote_id))
        assert (house.books(), projected(house, 0, 3, 9)) == (before, [10, 10, 0]), end


def test_a_confirmed_hold_has_its_plan_where_its_stock_came_back() -> None:
    house = a_house()
    quote_id = held(house, 6).body["id"]
    assert house.do(ConfirmHold(quote_id, "test")).status == 200
    assert projected(house, 0, 2, 3, 9) == [4, 4, 10, 0]
    assert [plan.quantity // MICRO for plan in house.plans(CHAIR).values()] == [6]
    assert all(claim.quantity > 0 for claim in house.book(CHAIR).claims_of(house.quotes[quote_id].order_id or ""))


def test_a_hold_over_midnight_takes_early_only_what_is_replaced_in_time_on_its_last_day() -> None:
    day = 86_400
    for promised_on, ttl, early in ((9, 5 * day, True), (9, 7 * day, False), (12, 7 * day, True)):
        hold = held(a_house(promised_on), 6, ttl)
        assert (hold.body["lines"][0]["promised_date"] == a_day(0).isoformat()) is early, (promised_on, ttl)


def test_it_is_not_extended_beyond_the_day_on_which_its_plan_would_come_too_late_for_others() -> None:
    house = a_house()
    quote_id = held(house, 6).body["id"]
    late = house.do(Extend(quote_id, "test", 7 * 86_400))
    assert (late.status, late.body["code"]) == (409, "HELD_TOO_LONG")
    assert projected(house, 0, 3, 9) == [4, 10, 0], "it stands as it was"
    assert house.do(Extend(quote_id, "test", 5 * 86_400)).status == 200
    assert projected(house, 0, 3, 7, 8, 9) == [4, 4, 4, 10, 0], "begun on its last day, it is there three days later"
    house.now += timedelta(days=5, seconds=-1)
    assert house.do(ConfirmHold(quote_id, "test")).status == 200
    assert min(projected(house, 5, 6, 7, 8, 9)) == 0
