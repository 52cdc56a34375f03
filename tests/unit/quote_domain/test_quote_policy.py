"""Which policy settles what, against a search through all of them."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.policy import Costs, Freshness, Policies, Policy, Scope, StabilityBudget

SKUS, SITES = (None, "CHAIR", "TABLE"), (None, "HAM", "BER")
days = st.none() | st.integers(0, 9)
policies = st.builds(
    Policy,
    days,
    days,
    days,
    st.none() | st.builds(StabilityBudget, days, days),
    st.none() | st.builds(Freshness, st.sampled_from(("warn", "refuse"))),
    st.none() | st.builds(Costs, st.integers(0, 9)),
)
scopes = st.tuples(st.sampled_from(SKUS), st.sampled_from(SITES))


def closest(told: dict[Scope, Policy], sku: str, site: str, name: str) -> object:
    """What the closest policy that says it says: sku at site, sku, site, everything."""
    order: list[Scope] = [(sku, site), (sku, None), (None, site), (None, None)]
    said = (getattr(told[scope], name) for scope in order if scope in told)
    return next((one for one in said if one is not None), None)


@given(st.dictionaries(scopes, policies, max_size=9))
def test_each_thing_is_settled_by_the_closest_policy_that_says_it(told: dict[Scope, Policy]) -> None:
    found = Policies(told.items())
    for sku in ("CHAIR", "TABLE", "NEW"):
        for site in ("HAM", "BER", "NEW"):
            for one in fields(Policy):
                assert getattr(found.of(sku, site), one.name) == closest(told, sku, site, one.name), (sku, site, one.name)


@given(st.dictionaries(scopes, policies, max_size=9))
def test_what_names_the_sku_and_what_does_not_make_up_the_whole(told: dict[Scope, Policy]) -> None:
    found = Policies(told.items())
    for sku in ("CHAIR", "NEW"):
        for site in ("HAM", "NEW"):
            assert found.of(sku, site) == found.of_item(sku, site).before(found.of_site(site))


def test_a_budget_counts_moves_and_the_days_of_each() -> None:
    assert StabilityBudget().allows(99, 99)
    budget = StabilityBudget(most_moves=2, most_days=3)
    assert budget.allows(1, 3)
    assert not budget.allows(2, 0), "moved twice already"
    assert not budget.allows(0, 4), "four days are too far"
    assert budget.allows(0, -10), "earlier is never too far"


def test_policies_count_as_some_once_one_is_given_whatever_it_settles() -> None:
    assert not Policies()
    assert Policies([((None, None), Policy())])
