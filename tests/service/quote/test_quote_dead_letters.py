"""What quote cannot read of supply is kept, shown, sent again or given up; everything around it is applied."""

from deploy.local.broker import BrokerServer
from shared.broker import Broker, Message
from tests.service.quote.shop import Json, Shop, eventually, ok, refused

TOPIC = "inventory.stock.v1"
HEADERS = (
    ("ce_specversion", b"1.0"), ("ce_id", b"evt-unreadable"), ("ce_source", b"/pledge/inventory"), ("ce_time", b"2026-11-21T10:42:07Z"),
    ("ce_type", b"inventory.stock.position-changed.v1"), ("ce_subject", b"A|HAM"), ("content-type", b"application/json"),
)  # fmt: skip


async def test_a_record_that_cannot_be_read_waits_for_somebody_and_holds_nobody_up(shop: Shop, shop_broker: BrokerServer) -> None:
    async with Broker(shop_broker.bootstrap, "a-bad-release") as sender:
        await sender.send([Message(TOPIC, b"A|HAM", b"{not json", HEADERS, 0)])
    sku = await shop.stocked(7)
    assert (await shop.ask({"sku": sku, "quantity": 7}))["outcome"] == "full"

    async def open_ones() -> list[Json]:
        found: list[Json] = ok(await shop.quote.get("/v1/dead-letters"))["data"]
        return [one for one in found if one["topic"] == f"{TOPIC}.dead"] or found

    (letter,) = await eventually(open_ones, what="the dead letter")
    assert letter["reason"]
    assert "not json" in str(ok(await shop.quote.get(f"/v1/dead-letters/{letter['id']}")))
    problem = refused(await shop.quote.post(f"/v1/dead-letters/{letter['id']}/drop", json={}), 422, "INVALID_REQUEST")
    assert problem["errors"][0]["pointer"] == "/reason"
    ok(await shop.quote.post(f"/v1/dead-letters/{letter['id']}/drop", json={"reason": "a bad release, repaired"}))
    assert ok(await shop.quote.get("/v1/dead-letters"))["data"] == []
