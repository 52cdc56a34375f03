"""What shipments consume, and where lines and orders stand by what has left."""

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.shipment import consume, line_status, order_status
from tests.unit.quote_domain.builders import units
from tests.unit.quote_domain.test_quote_change import delivery


def test_a_shipment_consumes_its_own_site_by_date_then_the_others() -> None:
    promised = [delivery(5, 3), delivery(4, 1), delivery(6, 2, "BER")]
    assert consume(promised, {"HAM": units(4)}) == (units(5), 0, units(6))
    assert consume(promised, {"HAM": units(6)}) == (units(3), 0, units(6))
    assert consume(promised, {"HAM": units(11)}) == (0, 0, units(4))
    assert consume(promised, {"BRE": units(1)}) == (units(5), units(3), units(6))
    assert consume(promised, {"HAM": units(99)}) == (0, 0, 0)
    assert consume(promised, {}) == (units(5), units(4), units(6))


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5), st.sampled_from(["HAM", "BER"])), max_size=5),
    st.dictionaries(st.sampled_from(["HAM", "BER", "BRE"]), st.integers(0, 20)),
)
def test_what_stays_open_is_what_was_not_shipped(promised: list[tuple[int, int, str]], shipped: dict[str, int]) -> None:
    deliveries = [delivery(*one) for one in promised]
    left = consume(deliveries, {site: units(quantity) for site, quantity in shipped.items()})
    assert sum(left) == units(max(0, sum(one[0] for one in promised) - sum(shipped.values())))
    assert all(0 <= open_ <= one.quantity for open_, one in zip(left, deliveries, strict=True))
    assert left == consume(deliveries, {site: units(quantity) for site, quantity in reversed(shipped.items())})


def test_where_lines_and_orders_stand() -> None:
    assert line_status(10, 0) == "confirmed"
    assert line_status(10, 4) == "partly_shipped"
    assert line_status(10, 10) == line_status(10, 12, closed=True) == "shipped"
    assert line_status(10, 4, closed=True) == line_status(10, 4, cancelled=True) == "closed_short"
    assert line_status(10, 0, cancelled=True) == "cancelled"
    assert order_status(["confirmed", "cancelled"]) == "confirmed"
    assert order_status(["shipped", "confirmed"]) == "partly_shipped"
    assert order_status(["shipped", "cancelled"]) == "shipped"
    assert order_status(["shipped", "closed_short"]) == "closed_short"
    assert order_status(["cancelled"]) == "cancelled"


def test_what_several_other_sites_shipped_is_taken_together_and_of_equal_days_the_first_goes_first() -> None:
    promised = [delivery(5, 3), delivery(4, 3), delivery(6, 5)]
    assert consume(promised, {"BER": units(2), "BRE": units(4)}) == (0, units(3), units(6))
    assert consume(promised, {"BER": units(2), "HAM": units(6), "BRE": units(3)}) == (0, 0, units(4))
    assert consume(promised, {"HAM": 1}) == (units(5) - 1, units(4), units(6))
    assert consume([delivery(5, 3), delivery(6, 2, "BER")], {"HAM": 1}) == (units(5) - 1, units(6))


def test_a_millionth_is_a_shipment() -> None:
    assert line_status(1, 1) == "shipped"
    assert line_status(2, 1) == "partly_shipped"
    assert line_status(2, 1, cancelled=True) == "closed_short"
    assert line_status(0, 0) == "confirmed"
    assert line_status(0, 0, closed=True) == "closed_short"
    assert order_status([]) == "cancelled"
    assert order_status(["confirmed", "confirmed"]) == "confirmed"
    assert order_status(["closed_short", "confirmed"]) == "partly_shipped"
