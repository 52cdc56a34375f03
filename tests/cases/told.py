"""A case as the services know it: told to inventory and capacity, asked of quote, with its day moved to today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.cases.kernel.shelf import day_of
from tests.service.quote.shop import Json, Shop, a_line, a_name, day, deliveries, eventually, ok

Rows = Sequence[Mapping[str, Any]]


@dataclass
class Told:
    """A case as the services know it: its sku, and its day, which is today."""

    shop: Shop
    sku: str
    today: int

    @classmethod
    async def of(cls, shop: Shop, today: object, on_hand: float = 0, supply: Rows = (), demand: Rows = (), **more: Any) -> "Told":
        """Tell inventory of stock and supply, and quote of the demand that is a fact."""
        case = cls(shop, await shop.item(decimals=more.pop("decimals", 0)), day_of(today))
        await shop.stocked(on_hand, {case.offset(one["date"]): one["qty"] for one in supply}, sku=case.sku, **more)
        if demand:
            lines = [
                {"sku": case.sku, "site": "HAM", "quantity": one["qty"], "promised_date": case.date(one["date"])}
                for one in demand
                if one["qty"]
            ]
            assert (await shop.told(*lines))["outcome"] == "created"
        return case

    @classmethod
    async def given(cls, shop: Shop, case: Json) -> "Told":
        """The same from a case that names these things as most do."""
        given = case["given"]
        return await cls.of(shop, given.get("today", "D"), given.get("on_hand", 0), given.get("supply", ()), given.get("demand", ()))

    def offset(self, said: object) -> int:
        """How many days from today."""
        return day_of(said) - self.today

    def date(self, said: object) -> str:
        """A date of the case, moved."""
        return day(self.offset(said))

    def plan(self, said: Sequence[Sequence[Any]]) -> list[tuple[str, float]]:
        """Expected deliveries, moved."""
        return [(self.date(when), quantity) for when, quantity in said]

    def line(self, quantity: float, when: object = None, **more: object) -> Json:
        """A line of a request, for today unless said."""
        return a_line(self.sku, quantity, requested_date=day(0) if when is None else self.date(when), **more)

    async def days(self, first: int, last: int) -> list[Json]:
        """The book day by day, both ends included."""
        found: list[Json] = (await self.shop.book(self.sku, from_date=day(first), to_date=day(last)))["days"]
        return found


def delivered(answer: Json) -> list[tuple[str, float]]:
    return [(when, quantity) for _, quantity, when in deliveries(answer["lines"][0])]


def promised(answer: Json) -> float:
    found: float = answer["lines"][0]["promised_quantity"]
    return found


def short(answer: Json) -> float:
    line = answer["lines"][0]
    missing: float = line["requested_quantity"] - line["promised_quantity"]
    return missing


async def at_a_site(shop: Shop, **more: object) -> str:
    site = a_name("SITE")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC", **more}))
    return site


async def sold_by(shop: Shop, told: Told, **terms: object) -> None:
    """A supplier for the case's sku, as soon as quote has heard of it."""
    ok(await shop.inventory.put("/v1/suppliers/WOOD", json={"name": "Wood"}))
    body = {"sku": told.sku, "site": "HAM", "supplier": "WOOD", **terms}
    ok(await shop.inventory.put(f"/v1/supplier-items/{a_name('TERMS')}", json=body))

    async def known() -> bool:
        return bool((await shop.ask(told.line(100_000, sites=["HAM"])))["planned_supply"])

    await eventually(known, what="the supplier")
