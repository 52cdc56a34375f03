"""How a case of hand_worked.yaml is told to an installation and asked of it: short words for the calls of the public interface.

`$A` is a name of the case's own; `D+3` the third day from today; `W+1` Monday of next week; `M+1` the first of next month; `Y+1-1` the
day before next New Year; `T-60` the instant a minute ago; `{o.order_id}` a field of the answer that a step kept `as: o`. `A@S 10 D+3` is
ten of A at site S for that day.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from tests.service.quote.factory import Factory
from tests.service.quote.shop import Json, day, eventually, ok, today

_DAY = re.compile(r"^D([+-]\d+)?$")
_WEEK = re.compile(r"^W([+-]\d+)$")
_MONTH = re.compile(r"^M([+-]\d+)$")
_YEAR = re.compile(r"^Y([+-]\d+)([+-]\d+)?$")
_INSTANT = re.compile(r"^T([+-]\d+)$")
_NAME = re.compile(r"\$([A-Za-z][A-Za-z0-9]*)")
_KEPT = re.compile(r"\{([a-z]\w*)\.([\w.]+)\}")
SITES = ("S", "T")
"""Sites that keep UTC and always work."""
WAIT_SECONDS = 60.0
"""How long news may take on a machine that does a lot besides; what is there is seen at once."""


def the_date(said: str) -> str | None:
    """The date that a word of a case stands for, if it stands for one."""
    if found := _DAY.match(said):
        return day(int(found[1] or 0))
    if found := _WEEK.match(said):
        return (today() - timedelta(days=today().weekday()) + timedelta(weeks=int(found[1]))).isoformat()
    if found := _MONTH.match(said):
        months = today().year * 12 + today().month - 1 + int(found[1])
        return date(months // 12, months % 12 + 1, 1).isoformat()
    if found := _YEAR.match(said):
        return (date(today().year + int(found[1]), 1, 1) + timedelta(days=int(found[2] or 0))).isoformat()
    if found := _INSTANT.match(said):
        now = datetime.now(UTC)  # noqa: TID251 -- the caller's own clock
        return (now + timedelta(seconds=int(found[1]))).isoformat().replace("+00:00", "Z")
    return None


def mismatch(found: Any, wanted: Any, where: str = "") -> str | None:
    """Where an answer differs from what is expected of it: of an object only what is named, of a list everything."""
    if isinstance(wanted, Mapping):
        if not isinstance(found, Mapping):
            return f"{where or '/'}: {found!r} is no object"
        told = ((name, mismatch(found.get(name), one, f"{where}/{name}")) for name, one in wanted.items())
        return next((said for _, said in told if said), None)
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return f"{where}: {found!r} instead of {wanted!r}"
        parts = (mismatch(one, other, f"{where}/{number}") for number, (one, other) in enumerate(zip(found, wanted, strict=True)))
        return next((said for said in parts if said), None)
    return None if found == wanted and isinstance(found, bool) == isinstance(wanted, bool) else f"{where}: {found!r} instead of {wanted!r}"


@dataclass
class Case:
    """One case on its way: what it is called here, and the answers that it kept."""

    said: Json
    doors: Factory
    kept: dict[str, Any] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    running: bool = False

    # -- words

    def own(self, short: str) -> str:
        """What something of the case's own is called here."""
        return f"{self.said['id']}.{short}".upper()

    @property
    def common(self) -> set[str]:
        """Sites that it has in common with other cases: not where it describes them, or lanes between them."""
        given = self.said.get("given", {})
        return set() if "lanes" in given else set(SITES) - set(given.get("sites", {}))

    def name(self, short: str) -> str:
        """What is meant by a name in a body or after an `@`: a site of all cases, or something of the case's own."""
        return f"SITE-{short}" if short in self.common else self.own(short)

    def real(self, said: Any) -> Any:
        """What is meant by what the case says."""
        if isinstance(said, Mapping):
            return {self.real(name): self.real(one) for name, one in said.items()}
        if isinstance(said, list):
            return [self.real(one) for one in said]
        if not isinstance(said, str):
            return said
        if (meant := the_date(said)) is not None:
            return meant
        if whole := re.fullmatch(_KEPT, said):
            return self.answer(whole[1], whole[2])
        said = _KEPT.sub(lambda found: str(self.answer(found[1], found[2])), said)
        return _NAME.sub(lambda found: self.name(found[1]), said)

    def answer(self, kept: str, path: str) -> Any:
        found = self.kept[kept]
        for part in path.split("."):
            found = found[int(part)] if part.isdigit() else found[part]
        return found

    def place(self, said: str) -> tuple[str, str]:
        sku, _, site = said.partition("@")
        return self.own(sku), self.name(site)

    def line(self, said: str | Json) -> Json:
        """A line of a request: `A@S 10 D+3`, or the same as `line` beside further fields."""
        more = {} if isinstance(said, str) else {name: self.real(one) for name, one in said.items() if name != "line"}
        words = (said if isinstance(said, str) else said["line"]).split()
        sku, _, sites = words[0].partition("@")
        found: Json = {"sku": self.own(sku), "quantity": float(words[1])}
        if sites:
            found["sites"] = [self.name(one) for one in sites.split(",")]
        if len(words) > 2:
            found["requested_date"] = self.real(words[2])
        return found | more

    def lines(self, said: str | Json | list[str | Json]) -> list[Json]:
        return [self.line(one) for one in (said if isinstance(said, list) else [said])]

    # -- what is given

    async def tell_items(self) -> None:
        """Tell inventory of sites and items; what is named and not described is an ordinary item, or the site of all cases."""
        given: Json = self.said.get("given", {})
        for one, body in given.get("calendars", {}).items():
            await self.define("calendars", one, self.a_calendar(one, body))
        for one, body in self.sites(given).items():
            await self.inventory(f"sites/{self.own(one)}", {"name": one, "time_zone": "UTC"} | body)
        for one, body in self.items(given).items():
            await self.inventory(f"items/{self.own(one)}", body)

    async def tell(self) -> None:
        """Tell the services the rest of what is given."""
        given: Json = self.said.get("given", {})
        for kind, one, body in self.listed(given, "suppliers", "lanes", "supplier-items"):
            await self.inventory(f"{kind}/{self.own(one)}", {"name": one} | body if kind == "suppliers" else body)
        for kind, one, body in self.listed(given, "resources", "boms", "routings"):
            await self.define(kind, one, body)
        for kind, one, body in self.listed(given, "classes", "customers", "policies"):
            ok(await self.doors.quote.put(f"/v1/{kind}/{self.own(one)}", json=self.real(body)))
        for _, place, stock in self.listed(given, "stock"):
            await self.stock(place, stock)
        for _, one, body in self.listed(given, "receipts"):
            await self.receipt(one, body)
        for order in given.get("backlog", []):
            await self.backlog(order)
        for _, one, body in self.listed(given, "allocations"):
            ok(await self.doors.quote.put(f"/v1/allocations/{self.own(one)}", json=self.real(body)))

    @staticmethod
    def listed(given: Json, *kinds: str) -> list[tuple[str, str, Any]]:
        """What is given of some kinds, one after the other."""
        return [(kind, one, body) for kind in kinds for one, body in given.get(kind, {}).items()]

    def a_calendar(self, name: str, said: Json) -> Json:
        """A calendar that works every day, but on those named as `closed`; or on those named as `open` alone."""
        minutes = said.get("minutes", 1440)
        if "weekly" in said or "rules" in said:
            return {"name": name} | said
        week = dict.fromkeys(
            ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 0 if "open" in said else minutes
        )
        days = [{"date": one, "minutes": 0} for one in said.get("closed", [])]
        days += [{"date": one, "minutes": minutes} for one in said.get("open", [])]
        return {"name": name, "weekly": week, "exceptions": days}

    def sites(self, given: Json) -> Json:
        """Those described, and those that are only named."""
        named = {place.partition("@")[2] for place in given.get("stock", {})} - self.common
        described: Json = given.get("sites", {})
        return {one: {} for one in sorted(named)} | described

    def items(self, given: Json) -> Json:
        places = [*given.get("stock", {}), *(self.at(one) for one in given.get("receipts", {}).values())]
        named = {place.partition("@")[0] for place in places} | set(given.get("boms", {})) | set(given.get("routings", {}))
        named |= {one["sku"][1:] for one in given.get("supplier-items", {}).values()}
        return {one: {"name": one} for one in sorted(named)} | {one: {"name": one} | body for one, body in given.get("items", {}).items()}

    @staticmethod
    def at(receipt: str | Json) -> str:
        return (receipt if isinstance(receipt, str) else receipt["line"]).split()[0]

    async def inventory(self, path: str, body: Json) -> None:
        ok(await self.doors.inventory.put(f"/v1/{path}", json=self.real(body)))

    async def define(self, kind: str, name: str, body: Json) -> None:
        await self.doors.put(f"{kind}/{self.own(name)}", **self.real(body))

    async def receipt(self, name: str, said: str | Json) -> None:
        line = self.line(said if isinstance(said, str) else {"line": said["line"]})
        more = {} if isinstance(said, str) else {one: self.real(value) for one, value in said.items() if one != "line"}
        body = {"kind": "purchase_order", "sku": line["sku"], "site": line["sites"][0], "quantity": line["quantity"]}
        body |= {"due_date": line["requested_date"]} | more
        ok(await self.doors.inventory.put(f"/v1/receipts/{self.own(name)}", json=body))
        if body["due_date"] < day(0):
            self.unseen.add(self.own(name))
        if self.running:
            await self.heard(body["sku"], body["site"])

    async def stock(self, place: str, said: float | Json) -> None:
        sku, site = self.place(place)
        body = said if isinstance(said, dict) else {"on_hand": said}
        ok(await self.doors.inventory.put(f"/v1/stock/{site}/{sku}", json={"document": "COUNT-1"} | self.real(body)))
        if self.running:
            await self.heard(sku, site)

    async def backlog(self, said: str) -> None:
        line = self.line(said)
        told = {"sku": line["sku"], "site": line["sites"][0], "quantity": line["quantity"], "promised_date": line["requested_date"]}
        found = await self.doors.told(told)
        assert found["outcome"] == "created", found

    async def heard(self, sku: str, site: str) -> None:
        """Wait until quote knows what inventory knows of a position; what comes on no day, or too late, is not waited for."""

        async def same() -> bool:
            theirs = ok(await self.doors.inventory.get(f"/v1/stock/{site}/{sku}"))
            answer = await self.doors.quote.get("/v1/availability", params={"sku": sku, "site": site})
            if answer.status_code != 200:
                return False
            ours = answer.json()
            coming = {(one["receipt_id"], one["quantity"]) for each in ours["days"] for one in each["receipts"] if not one["planned"]}
            wanted = {(one["receipt_id"], one["open_quantity"]) for one in theirs["receipts"] if one["open_quantity"]}
            figures = (ours["on_hand"], ours["safety_stock"]) == (theirs["on_hand"], theirs["safety_stock"])
            return figures and coming <= wanted and all(one in coming for one in wanted if one[0] not in self.unseen)

        await eventually(same, WAIT_SECONDS, what=f"the news of {sku} at {site}")

    # -- what is asked

    async def run(self) -> None:
        """Take the steps in turn; from now on what is told is waited for."""
        self.running = True
        for number, step in enumerate(self.said["then"], 1):
            try:
                await self.step(step)
            except AssertionError as wrong:
                message = f"step {number} of {self.said['id']}, {step}: {wrong}"
                raise AssertionError(message) from wrong

    async def step(self, step: Json) -> None:
        for verb, act in self.verbs().items():
            if verb in step:
                await act(step)
                return
        message = f"nobody knows what {step} means"
        raise AssertionError(message)

    def verbs(self) -> dict[str, Callable[[Json], Awaitable[None]]]:
        return {
            "ask": self.ask, "hold": self.ask, "order": self.ask, "http": self.http, "atp": self.table, "projected": self.table,
            "move": self.move, "count": self.count, "receipt": self.tell_receipt, "line": self.order_line, "wait": self.wait,
            "backlog": self.tell_backlog, "load": self.load,
        }  # fmt: skip

    async def ask(self, step: Json) -> None:
        """An inquiry, a hold or an order, and what is expected of the answer."""
        (verb,) = {"ask", "hold", "order"} & set(step)
        body = {"lines": self.lines(step[verb])} | self.real(step.get("with", {}))
        if verb == "hold":
            body = {"mode": "hold"} | body
        path = "/v1/orders" if verb == "order" else "/v1/quotes"
        await self.expecting(step, lambda: self.doors.quote.post(path, json=body))

    async def http(self, step: Json) -> None:
        """A call as it is: `PUT inventory /v1/items/$A`."""
        method, service, path = step["http"].split()
        client: httpx.AsyncClient = getattr(self.doors, service)
        extra = {"json": self.real(step["body"])} if "body" in step else {}
        path = "/".join(self.real(part) for part in path.split("/"))
        headers = self.real(step.get("headers", {}))
        await self.expecting(step, lambda: client.request(method, path, params=self.real(step.get("query")), headers=headers, **extra))

    async def expecting(self, step: Json, call: Callable[[], Awaitable[httpx.Response]]) -> None:
        wrong: list[str] = []

        async def right() -> bool:
            answer = await call()
            found = answer.json()
            wrong[:] = [said for said in self.differences(step, answer.status_code, found) if said]
            if not wrong and "as" in step:
                self.kept[step["as"]] = found
            return not wrong

        if "until" in step:
            try:
                await eventually(right, WAIT_SECONDS)
            except AssertionError:
                raise AssertionError("; ".join(wrong)) from None
        else:
            assert await right(), "; ".join(wrong)

    def differences(self, step: Json, status: int, found: Json) -> list[str | None]:
        wanted = step.get("status", 200)
        if status != wanted:
            return [f"{status} instead of {wanted}: {found}"]
        answer = found["offer"] if "offer" in found and "expect" not in step else found
        checks: list[str | None] = []
        if "gets" in step:
            checks.append(mismatch(self.deliveries(answer), self.plain_deliveries(step["gets"]), "deliveries"))
        if "plans" in step:
            planned = [f"{one['quantity']:g} {one['due_date']}" for one in answer["planned_supply"]]
            checks.append(mismatch(sorted(planned), sorted(self.dated(step["plans"])), "planned_supply"))
        if "codes" in step:
            codes = {reason["code"] for line in answer["lines"] for reason in line["reasons"]}
            checks.append(None if set(step["codes"]) <= codes else f"codes: {sorted(codes)}")
        if "errors" in step:
            checks.append(mismatch(found.get("errors"), [{"pointer": one} for one in step["errors"]], "errors"))
        named = [one for one in ("outcome", "code") if one in step]
        checks += [mismatch(answer.get(one) or found.get(one), step[one], one) for one in named]
        checks.append(mismatch(found, self.real(step.get("expect", {}))))
        return [f"{said}: {found.get('summary') or found.get('detail') or ''}" for said in checks if said]

    @staticmethod
    def deliveries(answer: Json) -> list[list[str]]:
        return [[f"{one['quantity']:g} {one['delivery_date']}" for one in line["deliveries"]] for line in answer["lines"]]

    def dated(self, said: str) -> list[str]:
        """`4 D+3, 6 D+5` with the dates meant."""
        parts = [part.split() for part in str(said).split(",") if part.strip()]
        return [f"{float(quantity):g} {self.real(when)}" for quantity, when in parts]

    def plain_deliveries(self, said: str | list[str]) -> list[list[str]]:
        return [self.dated(one) for one in (said if isinstance(said, list) else [said])]

    async def table(self, step: Json) -> None:
        """What is projected, or free, of a sku at a site, from today (or `from`) on."""
        (what,) = {"atp", "projected"} & set(step)
        sku, site = self.place(step[what])
        days = list(step["is"]) if isinstance(step["is"], dict) else [f"D+{n}" for n in range(len(step["is"]))]
        wanted = list(step["is"].values()) if isinstance(step["is"], dict) else step["is"]
        dates = [self.real(one) for one in days]
        span = {"from_date": min(dates), "to_date": max(dates)}
        shown: list[Any] = []

        async def right() -> bool:
            answer = await self.doors.quote.get(
                "/v1/availability", params={"sku": sku, "site": site, **span, **self.real(step.get("query", {}))}
            )
            by_day = {one["date"]: one[what] for one in ok(answer)["days"]}
            shown[:] = [by_day.get(one) for one in dates]
            return shown == wanted

        if "until" in step:
            try:
                await eventually(right, WAIT_SECONDS)
            except AssertionError:
                raise AssertionError(f"{what}: {shown} instead of {wanted}") from None
        else:
            assert await right(), f"{what}: {shown} instead of {wanted}"

    async def move(self, step: Json) -> None:
        """A movement: `arrival A@S 5`."""
        kind, place, quantity = step["move"].split()
        sku, site = self.place(place)
        await self.doors.move(kind, sku, float(quantity), site, **self.real(step.get("with", {})))
        await self.heard(sku, site)

    async def count(self, step: Json) -> None:
        place, on_hand = step["count"].split()
        await self.stock(place, {"on_hand": float(on_hand)} | step.get("with", {}))

    async def tell_receipt(self, step: Json) -> None:
        """A purchase order, or another kind, told or told again: `P A@S 10 D+3`; `unseen`: it lacks what it needs, and comes on no day."""
        name, _, line = step["receipt"].partition(" ")
        if step.get("unseen"):
            self.unseen.add(self.own(name))
        await self.receipt(name, {"line": line} | step.get("with", {}))

    async def tell_backlog(self, step: Json) -> None:
        await self.backlog(step["backlog"])

    async def order_line(self, step: Json) -> None:
        """The (only or numbered) line of a kept order as it stands by now."""
        name, _, number = step["line"].partition(" ")
        path = f"/v1/orders/{self.answer(name, 'order_id' if 'order_id' in self.kept[name] else 'id')}"
        wanted = {"lines": self.real(step["is"])} if isinstance(step["is"], list) else None
        found: list[str] = []

        async def right() -> bool:
            order = ok(await self.doors.quote.get(path))
            one = order["lines"][int(number or 0)]
            wrong = mismatch(order, wanted) if wanted else mismatch(one, self.real(step["is"]))
            found[:] = [wrong] if wrong else []
            return not wrong

        try:
            await eventually(right, WAIT_SECONDS)
        except AssertionError:
            raise AssertionError("; ".join(found)) from None

    async def load(self, step: Json) -> None:
        """The claimed minutes of a resource from today on."""
        found: list[Any] = []

        async def right() -> bool:
            params = {"resource": self.own(step["load"]), "from_date": day(0), "to_date": day(len(step["is"]) - 1)}
            found[:] = [one["claimed_minutes"] for one in ok(await self.doors.quote.get("/v1/load", params=params))["days"]]
            return bool(found == step["is"])

        try:
            await eventually(right, WAIT_SECONDS if "until" in step else 0.01)
        except AssertionError:
            raise AssertionError(f"claimed {found}") from None

    async def wait(self, step: Json) -> None:
        """Let an expiry pass."""
        await asyncio.sleep(step["wait"])
