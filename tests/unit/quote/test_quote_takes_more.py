"""Whether a change of an order commits to anything new, against a walk through every day."""

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.answer import Delivery
from services.quote.handlers.freshness import takes_more

sites, quantities, days = st.sampled_from("AB"), st.integers(1, 5), st.integers(1, 4)
deliveries = st.lists(st.builds(lambda site, quantity, day: Delivery(site, quantity, day, day, day), sites, quantities, days), max_size=4)


@given(deliveries, deliveries)
def test_more_is_taken_iff_some_site_has_to_give_more_by_some_day(before: list[Delivery], after: list[Delivery]) -> None:
    def by(each: list[Delivery], site: str, day: int) -> int:
        return sum(one.quantity for one in each if one.site == site and one.pick_day <= day)

    more = any(by(after, site, day) > by(before, site, day) for site in "AB" for day in range(1, 5))
    assert takes_more(before, after) is more
