"""What each movement does, and which ones make no sense."""

from decimal import Decimal

import pytest

from services.inventory.domain.movement import Booked, Found, Movement, Note, Refusal, Type, book, flaws
from services.inventory.domain.position import Position, count, instant_of, too_fine
from services.inventory.domain.receipt import Receipt, define, open_quantity
from services.inventory.domain.shipment import Line, Shipped
from tests.unit.inventory.inventory_builders import BER, HAM, a_movement, an_order, at, whole


def booked(movement: Movement, found: Found, hour: int = 10) -> Booked:
    outcome = book(movement, found, at(hour))
    assert isinstance(outcome, Booked)
    return outcome


@pytest.mark.parametrize(
    ("type_", "quantity", "on_hand", "blocked"),
    [
        (Type.ARRIVAL, 3, 13, 1),
        (Type.ISSUE, 3, 7, 1),
        (Type.ADJUSTMENT, -3, 7, 1),
        (Type.ADJUSTMENT, 3, 13, 1),
        (Type.BLOCK, 3, 7, 4),
        (Type.UNBLOCK, 1, 11, 0),
        (Type.ISSUE, 30, -20, 1),
    ],
)
def test_each_type_moves_what_it_says_also_below_zero(type_: Type, quantity: int, on_hand: int, blocked: int) -> None:
    after = booked(a_movement(type_, quantity), Found(Position(HAM, Decimal(10), Decimal(1)))).here
    assert whole(after.on_hand, after.blocked) == (on_hand, blocked)


def test_a_transfer_without_receipt_moves_both_at_once_and_with_one_only_departs() -> None:
    movement = a_movement(Type.TRANSFER, 4, to_site="BER")
    after = booked(movement, Found(Position(HAM, Decimal(10)), Position(BER)))
    assert after.there is not None
    assert whole(after.here.on_hand, after.there.on_hand) == (6, 4)
    departing = a_movement(Type.TRANSFER, 4, to_site="BER", receipt_id="TO-1")
    assert departing.there is None
    assert booked(departing, Found(Position(HAM, Decimal(10)), receipt=Receipt("TO-1"))).here.on_hand == 6


def test_what_occurred_before_the_count_consumes_its_receipt_and_its_line_but_leaves_on_hand_alone() -> None:
    counted = Position(HAM, Decimal(10), counted_at=at(12))
    arrival = booked(a_movement(Type.ARRIVAL, 4, receipt_id="PO-1"), Found(counted, receipt=define(Receipt("PO-1"), an_order(10))), hour=11)
    assert arrival.here.on_hand == 10
    assert arrival.receipt is not None
    assert open_quantity(arrival.receipt) == 6
    assert Note.COUNTED_AFTERWARDS in arrival.notes
    shipment = a_movement(Type.ISSUE, 4, order_id="O", line_ref="1")
    shipped = booked(shipment, Found(counted, shipped=Shipped(Line("O", "1"))), hour=11)
    assert shipped.shipped is not None
    assert whole(shipped.here.on_hand, shipped.shipped.quantity) == (10, 4)
    assert booked(shipment, Found(counted, shipped=Shipped(Line("O", "1"))), hour=12).here.on_hand == 6, "at the count is after it"


def test_a_count_that_becomes_known_late_keeps_what_moved_since_and_an_older_one_changes_nothing() -> None:
    late = count(Position(HAM, Decimal(7)), Decimal(20), at(5), moved_since=Decimal(-3))
    assert (late.on_hand, late.counted_at) == (Decimal(17), at(5))
    assert count(late, Decimal(99), at(4), moved_since=Decimal(0)) == late


def test_an_arrival_after_the_close_is_stock_only() -> None:
    closed = Receipt("PO-1", an_order(10), closed=True)
    after = booked(a_movement(Type.ARRIVAL, 4, receipt_id="PO-1"), Found(Position(HAM), receipt=closed))
    assert after.receipt is not None
    assert whole(after.here.on_hand, open_quantity(after.receipt)) == (4, 0)
    assert after.notes == (Note.RECEIPT_CLOSED,)


def test_closes_ends_the_receipt_or_the_line_also_without_goods() -> None:
    receipt = define(Receipt("PO-1"), an_order(10))
    arrival = a_movement(Type.ARRIVAL, 0, receipt_id="PO-1", closes=True)
    assert flaws(arrival) == ()
    after = booked(arrival, Found(Position(HAM), receipt=receipt)).receipt
    assert after is not None
    assert after.closed
    line = booked(
        a_movement(Type.ISSUE, 2, order_id="O", line_ref="1", closes=True), Found(Position(HAM), shipped=Shipped(Line("O", "1")))
    ).shipped
    assert line is not None
    assert (line.quantity, line.closed) == (Decimal(2), True)


@pytest.mark.parametrize(
    ("movement", "field"),
    [
        (a_movement(Type.ARRIVAL, 0), "quantity"),
        (a_movement(Type.ARRIVAL, -1), "quantity"),
        (a_movement(Type.ADJUSTMENT, 0), "quantity"),
        (a_movement(Type.TRANSFER), "to_site"),
        (a_movement(Type.TRANSFER, to_site="HAM"), "to_site"),
        (a_movement(Type.ISSUE, to_site="BER"), "to_site"),
        (a_movement(Type.BLOCK, receipt_id="PO-1"), "receipt_id"),
        (a_movement(Type.ARRIVAL, order_id="O", line_ref="1"), "order_id"),
        (a_movement(Type.ISSUE, order_id="O"), "line_ref"),
        (a_movement(Type.ISSUE, line_ref="1"), "order_id"),
        (a_movement(Type.ISSUE, order_id="O", line_ref="1", receipt_id="MO-1"), "receipt_id"),
        (a_movement(Type.ARRIVAL, closes=True), "closes"),
        (a_movement(Type.TRANSFER, receipt_id="TO-1", closes=True), "closes"),
    ],
)
def test_a_movement_that_contradicts_itself_names_the_field(movement: Movement, field: str) -> None:
    assert field in [flaw.field for flaw in flaws(movement)]


def test_a_balance_that_json_could_not_carry_is_refused() -> None:
    full = Position(HAM, Decimal("999999999.999999"))
    assert book(a_movement(Type.ARRIVAL, 1), Found(full), at(1)) is Refusal.OUT_OF_RANGE


def test_nothing_takes_place_after_we_heard_of_it() -> None:
    assert instant_of(at(9), at(5)) == at(5)
    assert instant_of(at(3), at(5)) == at(3)
    assert instant_of(None, at(5)) == at(5)


def test_decimals_are_those_behind_the_point() -> None:
    assert too_fine(Decimal("0.5"), 0)
    assert not too_fine(Decimal("5.000"), 0)
    assert not too_fine(Decimal("999999999.123456"), 6)
    assert too_fine(Decimal("0.125"), 2)
