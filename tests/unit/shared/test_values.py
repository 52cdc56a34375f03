"""Ids, quantities and cursors: what is put in comes out, and what is not theirs is refused."""

import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.base import MAX_QUANTITY
from shared.ids import new_id
from shared.paging import decode_cursor, encode_cursor
from shared.problems import Problem
from shared.quantities import NonNegativeQuantity, PositiveQuantity, RequestModel, SignedQuantity

POSITIVE: TypeAdapter[Decimal] = TypeAdapter(PositiveQuantity)
NON_NEGATIVE: TypeAdapter[Decimal] = TypeAdapter(NonNegativeQuantity)
SIGNED: TypeAdapter[Decimal] = TypeAdapter(SignedQuantity)

quantities = st.decimals(min_value=-MAX_QUANTITY, max_value=MAX_QUANTITY, places=6)


def test_ids_say_what_they_are_and_sort_by_time() -> None:
    first = new_id("ord")
    began = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == began:
        pass
    second = new_id("ord")
    assert first.startswith("ord_")
    assert len(first) == len("ord_") + 26
    assert first < second
    assert not set(first[4:]) & set("ILOU")


def test_ids_do_not_repeat() -> None:
    assert len({new_id("quo") for _ in range(20_000)}) == 20_000


@given(quantity=quantities)
def test_a_quantity_comes_through_json_exactly_as_a_number_and_as_a_text(quantity: Decimal) -> None:
    as_number = json.loads(SIGNED.dump_json(quantity))
    assert SIGNED.validate_python(as_number) == quantity
    assert SIGNED.validate_python(format(quantity, "f")) == quantity
    assert SIGNED.validate_json(SIGNED.dump_json(quantity)) == quantity


@given(quantity=st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=9))
def test_a_quantity_is_taken_if_and_only_if_it_fits(quantity: Decimal) -> None:
    fits = abs(quantity) <= MAX_QUANTITY and quantity == quantity.quantize(Decimal("0.000001"))
    for adapter, sign in ((POSITIVE, quantity > 0), (NON_NEGATIVE, quantity >= 0), (SIGNED, True)):
        try:
            taken = adapter.validate_python(format(quantity, "f")) == quantity
        except ValidationError:
            taken = False
        assert taken is (fits and sign)


@pytest.mark.parametrize(
    "value", [True, None, [], {}, "", " 1", "1e3", "0x1", "1_000", "\u0661", "NaN", float("nan"), float("inf"), Decimal("sNaN"), 10**30]
)
def test_what_is_not_a_plain_number_is_no_quantity(value: object) -> None:
    with pytest.raises(ValidationError):
        SIGNED.validate_python(value)


def test_a_field_nobody_knows_is_refused_also_outside_http() -> None:
    class Row(RequestModel):
        name: str

    with pytest.raises(ValidationError, match="extra_forbidden"):
        Row.model_validate({"name": "a", "nam": "b"})


cursor_values = (
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20) | st.integers(-(2**63), 2**63 - 1) | st.none()
)


@given(values=st.lists(cursor_values, max_size=4))
def test_a_cursor_comes_back_as_it_was(values: list[str | int | None]) -> None:
    cursor = encode_cursor(values)
    assert decode_cursor(cursor) == tuple(values)
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_a_cursor_with_a_shape_gives_dates_back() -> None:
    at, day = datetime(2026, 12, 1, 10, 0, 0, 5, tzinfo=UTC), date(2026, 12, 1)
    assert decode_cursor(encode_cursor((at, day, "A", 7, None)), datetime, date, str, int, str) == (at, day, "A", 7, None)


@pytest.mark.parametrize("shape", [(int, int), (str,), (date,), ()])
def test_a_cursor_of_another_list_is_refused(shape: tuple[type, ...]) -> None:
    with pytest.raises(Problem) as raised:
        decode_cursor(encode_cursor((1,)), *shape) if shape else decode_cursor("e30")
    assert (raised.value.status, raised.value.errors[0].pointer) == (422, "/cursor")


@given(cursor=st.text(max_size=30))
def test_any_text_is_a_cursor_or_a_422(cursor: str) -> None:
    try:
        decode_cursor(cursor, str, int)
    except Problem as problem:
        assert problem.status == 422  # noqa: PT017 -- most texts raise, a few are cursors
