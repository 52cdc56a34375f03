"""What a receipt still brings and still takes, whatever has become known of it."""

from datetime import date
from decimal import Decimal

from services.inventory.domain.position import Key
from services.inventory.domain.receipt import (
    Kind,
    Receipt,
    Status,
    arrive,
    close,
    define,
    issue,
    open_quantity,
    outlook,
    requirements,
    status_of,
)
from tests.unit.inventory.inventory_builders import BER, HAM, LEGS, a_component, an_order, whole

PO = Receipt("PO-1")


def test_a_definition_sent_again_after_an_arrival_counts_nothing_twice() -> None:
    receipt = arrive(define(PO, an_order(10)), "CHAIR", Decimal(4))
    assert open_quantity(define(receipt, an_order(10))) == 6


def test_an_arrival_before_its_definition_is_kept_for_it() -> None:
    receipt = arrive(PO, "CHAIR", Decimal(4))
    assert status_of(receipt) is Status.UNDEFINED
    assert open_quantity(define(receipt, an_order(10))) == 6


def test_more_than_ordered_leaves_nothing_open_and_a_raised_order_opens_only_the_rest() -> None:
    receipt = arrive(define(PO, an_order(10)), "CHAIR", Decimal(12))
    assert open_quantity(receipt) == 0
    assert status_of(receipt) is Status.ARRIVED
    assert open_quantity(define(receipt, an_order(15))) == 3


def test_a_close_stays_whatever_is_sent_again() -> None:
    receipt = close(define(PO, an_order(10)))
    assert open_quantity(define(receipt, an_order(20))) == 0
    assert status_of(receipt) is Status.CLOSED


def test_another_sku_than_the_ordered_one_consumes_nothing() -> None:
    assert open_quantity(arrive(define(PO, an_order(10)), "TABLE", Decimal(4))) == 10


def test_a_transfer_is_required_at_its_origin_until_it_departs() -> None:
    transfer = define(Receipt("TO-1"), an_order(10, kind=Kind.TRANSFER_ORDER, key=BER, from_site="HAM", ship_date=date(2026, 11, 20)))
    seen = outlook(transfer)
    assert whole(seen[BER].brings, seen[HAM].takes[0].quantity) == (10, 10)
    assert seen[HAM].takes[0].needed_date == date(2026, 11, 20)
    departed = issue(transfer, "CHAIR", Decimal(6))
    assert outlook(departed)[HAM].takes[0].quantity == 4
    assert outlook(departed)[BER].brings == 10, "what has departed is still to come"
    assert set(outlook(issue(departed, "CHAIR", Decimal(4)))) == {BER}


def test_a_transfer_that_arrived_before_its_departure_was_booked_is_still_required() -> None:
    transfer = define(Receipt("TO-1"), an_order(10, kind=Kind.TRANSFER_ORDER, key=BER, from_site="HAM"))
    assert outlook(arrive(transfer, "CHAIR", Decimal(10)))[HAM].takes[0].quantity == 10


def test_components_are_served_earliest_line_first_and_vanish_with_the_order() -> None:
    lines = (a_component(4, needed_date=date(2026, 11, 30)), a_component(4, needed_date=date(2026, 11, 10)))
    order = define(Receipt("MO-1"), an_order(2, kind=Kind.PRODUCTION_ORDER, components=lines))
    assert [(each.ref, int(each.quantity)) for each in requirements(order)] == [("MO-1#1", 4), ("MO-1#2", 4)]
    started = issue(order, "LEG", Decimal(5))
    assert [(each.ref, int(each.quantity)) for each in requirements(started)] == [("MO-1#1", 3)]
    assert requirements(arrive(started, "CHAIR", Decimal(2))) == ()
    assert requirements(close(started)) == ()


def test_an_order_may_take_from_where_it_brings() -> None:
    rework = define(Receipt("MO-2"), an_order(2, kind=Kind.PRODUCTION_ORDER, components=(a_component(3, key=HAM),)))
    assert whole(outlook(rework)[HAM].brings, outlook(rework)[HAM].takes[0].quantity) == (2, 3)


def test_an_undefined_or_finished_receipt_concerns_nobody() -> None:
    assert outlook(arrive(PO, "CHAIR", Decimal(1))) == {}
    assert outlook(close(define(PO, an_order(10, kind=Kind.PRODUCTION_ORDER, components=(a_component(1, key=LEGS),))))) == {}
    assert Key("CHAIR", "HAM").text == "CHAIR|HAM"
