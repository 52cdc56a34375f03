"""A hold that is confirmed when its own plans can no longer be released in time: it becomes an order, and says what is late (§ 4, § 7)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.quote.domain.entry import Part
from services.quote.domain.risk import Fate
from services.quote.handlers.as_held import as_it_stands
from services.quote.handlers.endanger import by_midnight
from services.quote.handlers.hold import ConfirmHold
from services.quote.handlers.inquire import BoardShelf
from services.quote.handlers.repromise.again import Recalled
from services.quote.handlers.take import Take
from tests.unit.quote.desk_house import SITE, TODAY, DeskHouse, a_day, a_hold

Json = dict[str, Any]
CHAIR, LEG = "CHAIR", "LEG"


def a_workshop(legs: float = 100) -> DeskHouse:
    """CHAIRs are made of LEGs at two a day, LEGs of nothing at four a day."""
    house = DeskHouse()
    for sku in (CHAIR, LEG):
        house.item(sku)
        house.stock(sku, legs if sku == LEG else 0)
    house.made_of(CHAIR, (LEG, 1))
    for sku, machine, minutes in ((CHAIR, "SAW", 2), (LEG, "LATHE", 4)):
        house.made_on(sku, machine)
        house.machine(machine, minutes)
    return house


def held(house: DeskHouse, quantity: float, day: int) -> str:
    line = {"line_ref": "1", "sku": CHAIR, "quantity": quantity, "requested_date": a_day(day).isoformat(), "sites": [SITE]}
    found = house.do(Take(a_hold(line, ttl_seconds=30 * 86_400), "me", "req", ttl_seconds=30 * 86_400))
    assert (found.status, found.body["lines"][0]["promised_date"]) == (200, a_day(day).isoformat())
    return str(found.body["id"])


def confirmed(house: DeskHouse, quote_id: str, days_later: int) -> Json:
    house.now += timedelta(days=days_later)
    found = house.do(ConfirmHold(quote_id, "me"))
    assert (found.status, found.body["status"]) == (200, "confirmed")
    return found.body


def codes(answer: Json) -> list[str]:
    return [one["code"] for one in answer["lines"][0]["reasons"]]


def foreseen(house: DeskHouse, order_id: str) -> Fate:
    """What the watch over promises sees of an order of one line; a confirmation makes the books of its plans due."""
    sight = Recalled(house.board, None, known=house.orders)
    sight.now, sight.named, sight.wanted = house.now, {order_id}, {order_id}

    async def look() -> dict[str, Fate]:
        await sight.gather({key for key, book in house.board.books.items() if any(True for _ in book.of(Part.PLAN))})
        return await sight.foresee([line for order in sight.orders.values() for line in sight.open_lines(order)])

    return asyncio.run(look())[f"{order_id}/1"]


def test_a_hold_that_is_confirmed_while_its_plan_can_be_released_says_nothing_of_risk() -> None:
    house = a_workshop()
    quote_id = held(house, 6, 5)  # three days of sawing: to be begun on the second at the latest
    answer = confirmed(house, quote_id, 2)
    assert "PLAN_NOT_RELEASED" not in codes(answer)
    assert "at_risk" not in answer["lines"][0]
    assert foreseen(house, answer["order_id"]).kept


@pytest.mark.parametrize("days_late", [1, 2])
def test_confirmed_after_the_latest_start_of_its_plan_it_stands_and_is_at_risk_at_once(days_late: int) -> None:
    house = a_workshop()
    quote_id = held(house, 6, 5)
    answer = confirmed(house, quote_id, 2 + days_late)
    (plan,) = house.plans(CHAIR).values()
    assert codes(answer)[-2:] == ["PLAN_NOT_RELEASED", "BOOK_SHORT"]
    assert (answer["lines"][0]["at_risk"], answer["lines"][0]["reasons"][-2]["ref"]) == (True, plan.ref)
    assert "had to be released by" in answer["summary"]
    assert "at the earliest" in answer["summary"]
    fate = foreseen(house, answer["order_id"])
    assert (fate.day, fate.kept) == (TODAY.toordinal() + 5 + days_late, False)
    cause = by_midnight(house.book(CHAIR), house.board.today(SITE, house.now))
    assert cause is not None
    assert (cause.code, cause.ref) == ("PLAN_NOT_RELEASED", plan.ref)


def test_before_it_is_confirmed_the_hold_says_so_too() -> None:
    house = a_workshop()
    quote_id = held(house, 6, 5)
    house.now += timedelta(days=3)
    quote = house.quotes[quote_id]
    shown = as_it_stands(quote.answer, quote.claims, quote.plans, BoardShelf(house.board, house.now))
    assert codes(shown)[-2:] == ["PLAN_NOT_RELEASED", "BOOK_SHORT"]
    assert house.plans(CHAIR) == {}, "looking plans nothing"


def test_where_others_bring_it_in_time_meanwhile_the_late_plan_is_named_and_nobody_is_at_risk() -> None:
    house = a_workshop()
    quote_id = held(house, 6, 5)
    house.stock(CHAIR, 6)
    answer = confirmed(house, quote_id, 3)
    assert codes(answer)[-1] == "PLAN_NOT_RELEASED"
    assert "at_risk" not in answer["lines"][0]
    assert foreseen(house, answer["order_id"]).kept


def test_a_part_that_can_no_longer_be_made_in_time_is_named_levels_below() -> None:
    house = a_workshop(legs=0)
    quote_id = held(house, 6, 7)
    latest = {plan.sku: plan.latest_start_day - TODAY.toordinal() for plan in house.quotes[quote_id].plans}
    assert latest[LEG] < latest[CHAIR]
    answer = confirmed(house, quote_id, latest[LEG] + 1)
    (leg,) = house.plans(LEG)
    assert codes(answer)[-2:] == ["PLAN_NOT_RELEASED", "BOOK_SHORT"]
    assert answer["lines"][0]["reasons"][-2]["ref"] == leg
    assert not foreseen(house, answer["order_id"]).kept
