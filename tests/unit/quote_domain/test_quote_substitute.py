"""Substitutes: tried last, taken only where that is better, and never twice."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.answer import Delivery
from services.quote.domain.dates import Way
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.request import LineRequest, Substitute
from services.quote.domain.sources import Make
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, Plant, a_lane, a_machine, a_purchase, a_step

OLD, NEW = "OLD", "NEW"
MOVES = st.lists(st.tuples(st.sampled_from([Part.RECEIPT, Part.CLAIM]), st.integers(1, 5), st.integers(0, 5)), max_size=3)


def a_shelf(*described: tuple[int, list[tuple[Part, int, int]]]) -> AShelf:
    return AShelf(
        *(
            a_book(*(Entry(part, f"{sku}{n}", units(q), TODAY + d) for n, (part, q, d) in enumerate(moves)), on_hand=stock, sku=sku)
            for sku, (stock, moves) in zip((OLD, NEW), described, strict=True)
        )
    )


def days_of(shelf: AShelf, sku: str) -> list[int]:
    return oracle.projected(oracle.entries_of(shelf.books[sku, "HAM"]), TODAY, NOW, shelf.rule)


def wished(quantity: float, day: int = 0, **more: object) -> LineRequest:
    return replace(a_line(quantity, day, sku=OLD), substitutes=(Substitute(NEW, ("HAM",)),), **more)  # type: ignore[arg-type]


def by_sku(deliveries: tuple[Delivery, ...]) -> list[tuple[str, int, int]]:
    return [(one.sku or OLD, one.quantity // MICRO, one.delivery_day - TODAY) for one in deliveries]


def check(shelf: AShelf, decision: Decision) -> None:
    """THE invariant on both books; pegs, reasons and sentence speak of what is delivered."""
    taken: dict[str, dict[int, int]] = {OLD: {}, NEW: {}}
    for line in decision.lines:
        for one in line.deliveries:
            days = taken[one.sku or line.sku]
            days[one.pick_day - TODAY] = days.get(one.pick_day - TODAY, 0) + one.quantity
        assert sum(peg.quantity for peg in line.pegging) == line.promised_quantity
        assert sum(peg.quantity for peg in line.pegging if peg.sku) == sum(one.quantity for one in line.deliveries if one.sku)
        assert sum(reason.adds_days for reason in line.reasons) == line.slip_days
        assert any(reason.code == "SUBSTITUTED" for reason in line.reasons) == any(one.sku for one in line.deliveries)
    for sku, days in taken.items():
        assert oracle.is_accepted(days_of(shelf, sku), days)


BOOKS = st.tuples(st.integers(0, 6), MOVES)


@examples(200)
@given(BOOKS, BOOKS, st.integers(1, 9), st.integers(0, 4))
def test_a_whole_line_comes_on_the_first_day_that_both_together_allow(
    old: tuple[int, list[tuple[Part, int, int]]], new: tuple[int, list[tuple[Part, int, int]]], quantity: int, day: int
) -> None:
    shelf = a_shelf(old, new)
    decision = promise(Demand((wished(quantity, day),)), shelf)
    check(shelf, decision)
    found = []
    for at in range(day, oracle.HORIZON):
        for instead in range(quantity + 1):
            own = not (quantity - instead) or oracle.is_accepted(days_of(shelf, OLD), {at: units(quantity - instead)})
            other = not instead or oracle.is_accepted(days_of(shelf, NEW), {at: units(instead)})
            if own and other:
                found.append((at, instead))
    best = min(found, default=None)  # the earliest day, and of it the least that is not what was asked for
    deliveries = by_sku(decision.lines[0].deliveries)
    answered = None if not deliveries else (deliveries[0][2], sum(amount for sku, amount, _ in deliveries if sku == NEW))
    assert answered == best
    assert len({(one.site, one.ship_day) for one in decision.lines[0].deliveries}) <= 1


@examples(150)
@given(BOOKS, BOOKS, st.integers(1, 9), st.integers(0, 4))
def test_a_split_has_no_less_in_time_than_both_together_have(
    old: tuple[int, list[tuple[Part, int, int]]], new: tuple[int, list[tuple[Part, int, int]]], quantity: int, day: int
) -> None:
    shelf = a_shelf(old, new)
    decision = promise(Demand((wished(quantity, day),), allow_partial=True), shelf)
    check(shelf, decision)
    room = [max(0, min(days_of(shelf, sku)[day:])) // MICRO for sku in (OLD, NEW)]
    in_time = [(sku, amount) for sku, amount, at in by_sku(decision.lines[0].deliveries) if at <= day]
    assert sum(amount for _, amount in in_time) == min(quantity, sum(room))
    assert sum(amount for sku, amount in in_time if sku == OLD) == min(quantity, room[0]), "what was asked for comes first"
    alone = promise(Demand((replace(wished(quantity, day), substitutes=()),), allow_partial=True), shelf)
    assert decision.lines[0].promised_quantity >= alone.lines[0].promised_quantity


@examples(100)
@given(
    BOOKS,
    BOOKS,
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3), st.booleans()), min_size=2, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_lines_that_stand_in_for_one_another_never_get_the_same_unit(
    old: tuple[int, list[tuple[Part, int, int]]],
    new: tuple[int, list[tuple[Part, int, int]]],
    asked: list[tuple[int, int, bool]],
    partial: bool,  # noqa: FBT001 -- drawn
    complete: bool,  # noqa: FBT001 -- drawn
) -> None:
    shelf = a_shelf(old, new)
    lines = tuple(
        replace(wished(quantity, day), line_ref=str(n)) if instead else a_line(quantity, day, sku=NEW, ref=str(n))
        for n, (quantity, day, instead) in enumerate(asked)
    )
    check(shelf, promise(Demand(lines, allow_partial=partial, ship_complete=complete), shelf))


@examples(150)
@given(BOOKS, BOOKS, st.integers(1, 6), st.integers(1, 6), st.integers(0, 4), st.booleans())
def test_what_ships_complete_with_substitutes_has_the_first_date_that_any_sharing_of_the_books_allows(
    old: tuple[int, list[tuple[Part, int, int]]],
    new: tuple[int, list[tuple[Part, int, int]]],
    first: int,
    second: int,
    day: int,
    partial: bool,  # noqa: FBT001 -- drawn
) -> None:
    """One line that the sku of the other may stand in for: one date for both, and no unit twice."""
    shelf = a_shelf(old, new)
    lines = (replace(wished(first, day), line_ref="1"), a_line(second, day, sku=NEW, ref="2"))
    decision = promise(Demand(lines, allow_partial=partial, ship_complete=True), shelf)
    check(shelf, decision)
    dates = {one.delivery_day - TODAY for line in decision.lines for one in line.deliveries}
    assert len(dates) <= 1
    assert all(line.promised_quantity in (0, line.requested_quantity) for line in decision.lines)
    assert len({line.outcome == "none" for line in decision.lines}) == 1, "all lines or none"
    shared = (
        at
        for at in range(day, oracle.HORIZON)
        for instead in range(first + 1)
        if (instead == first or oracle.is_accepted(days_of(shelf, OLD), {at: units(first - instead)}))
        and oracle.is_accepted(days_of(shelf, NEW), {at: units(second + instead)})
    )
    best = next(shared, None)
    assert dates == (set() if best is None else {best})


# -- told in words


def test_what_was_asked_for_is_taken_first_and_the_rest_is_named() -> None:
    shelf = AShelf(a_book(on_hand=905, sku=OLD), a_book(on_hand=2000, sku=NEW))
    for partial in (False, True):
        decision = promise(Demand((wished(1000),), allow_partial=partial), shelf)
        assert by_sku(decision.lines[0].deliveries) == [(OLD, 905, 0), (NEW, 95, 0)]
        assert [reason.code for reason in decision.lines[0].reasons] == ["COVERED", "SUBSTITUTED", "COVERED"]
        assert decision.summary.endswith(", as asked, 95 NEW instead of OLD.")
        assert "from" not in decision.summary, "one site, one day: nothing more to tell"


def test_what_is_in_time_needs_no_substitute() -> None:
    shelf = AShelf(a_book(on_hand=10, sku=OLD), a_book(on_hand=10, sku=NEW))
    (answer,) = promise(Demand((wished(10),)), shelf).lines
    assert (by_sku(answer.deliveries), answer.alternatives) == ([(OLD, 10, 0)], ())


def test_what_stands_in_at_once_comes_before_what_would_have_to_be_planned() -> None:
    """Of the sku itself four are made in time, of the first substitute all five; of the second all five are on hand."""
    plant = Plant(*(a_book(on_hand=on_hand, sku=sku, site=HERE) for sku, on_hand in ((PRODUCT, 0), ("FIRST", 0), ("SECOND", 5))))
    plant.books["LATHE", RESOURCE] = a_machine("LATHE", 2)
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 1),)),)
    plant.source["FIRST", HERE] = (a_purchase(1),)
    line = replace(a_line(5, 2, sku=PRODUCT, sites=(HERE,)), substitutes=tuple(Substitute(sku, (HERE,)) for sku in ("FIRST", "SECOND")))
    decision = promise(Demand((line,), allow_partial=True), plant)
    assert [(one.sku, one.quantity // MICRO) for one in decision.lines[0].deliveries] == [("SECOND", 5)]
    assert not decision.planned


def test_in_several_deliveries_all_that_is_there_comes_before_all_that_is_planned() -> None:
    """Three can be made on the lathe by the day that is wanted: of the sku itself, or of one of its substitutes. Late there is plenty."""
    for on_hand, made, expected in (
        ((1, 0, 3), PRODUCT, [(None, 1), (None, 1), ("SECOND", 3)]),
        ((0, 0, 3), "FIRST", [("FIRST", 2), ("SECOND", 3)]),
        ((1, 1, 0), "SECOND", [(None, 1), ("FIRST", 1), ("SECOND", 3)]),
    ):
        skus = (PRODUCT, "FIRST", "SECOND")
        plant = Plant(*(a_book(on_hand=have, sku=sku, site=HERE) for sku, have in zip(skus, on_hand, strict=True)))
        plant.books[PRODUCT, HERE].apply([receipt("LATE", 9, 7)], 2, NOW)
        plant.books["LATHE", RESOURCE] = a_machine("LATHE", 0, days={0: 2, 1: 1})
        plant.source[made, HERE] = (Make(made, (), (a_step("LATHE", 1),)),)
        line = replace(a_line(5, 2, sku=PRODUCT, sites=(HERE,)), substitutes=tuple(Substitute(sku, (HERE,)) for sku in skus[1:]))
        (told,) = promise(Demand((line,), allow_partial=True), plant).lines
        assert sorted(((one.sku, one.quantity // MICRO) for one in told.deliveries), key=lambda one: (one[0] or "", one[1])) == expected


def test_what_can_be_made_in_time_is_made_and_what_is_late_is_substituted() -> None:
    plant = Plant(a_book(on_hand=0, sku=PRODUCT, site=HERE), a_book(on_hand=9, sku=NEW, site=HERE))
    plant.source[PRODUCT, HERE] = (a_purchase(3),)
    line = replace(a_line(5, 3, sku=PRODUCT, sites=(HERE,)), substitutes=(Substitute(NEW, (HERE,)),))
    (made,) = promise(Demand((line,)), plant).lines
    assert ([one.sku for one in made.deliveries], made.alternatives) == ([None], ()), "in time, and so nothing else is looked for"
    (answer,) = promise(Demand((replace(line, requested_day=TODAY),)), plant).lines
    assert [(one.sku, one.delivery_day - TODAY) for one in answer.deliveries] == [(NEW, 0)]
    assert [(other.kind, other.lost_because) for other in answer.alternatives][:1] == [("own", "LESS_ON_TIME")]


def test_a_substitute_may_be_bought_where_nothing_else_helps() -> None:
    plant = Plant(a_book(on_hand=2, sku=PRODUCT, site=HERE), a_book(on_hand=0, sku=NEW, site=HERE))
    plant.source[NEW, HERE] = (a_purchase(4),)
    line = replace(a_line(5, 0, sku=PRODUCT, sites=(HERE,)), substitutes=(Substitute(NEW, (HERE,)),))
    decision = promise(Demand((line,)), plant)
    assert [(one.sku, one.quantity // MICRO, one.delivery_day - TODAY) for one in decision.lines[0].deliveries] == [
        (None, 2, 4),
        (NEW, 3, 4),
    ]
    assert [(one.sku, one.quantity // MICRO) for one in decision.planned] == [(NEW, 3)]


def test_a_late_substitute_that_is_no_better_is_named_among_the_ways_that_lost() -> None:
    shelf = AShelf(a_book(receipt("PO", 5, 2), sku=OLD), a_book(receipt("PO-2", 5, 4), claim("c", 1, 9), sku=NEW))
    (answer,) = promise(Demand((wished(4),)), shelf).lines
    assert by_sku(answer.deliveries) == [(OLD, 4, 2)]
    assert [(other.kind, other.lost_because) for other in answer.alternatives] == [("substitute", "LATER")]


def test_the_days_for_which_a_ceiling_or_a_floor_holds_a_substitute_back_are_theirs() -> None:
    for rule, code in (
        (Allocation("A", Kind.CEILING, ("shop",), NEW, None, units(1), last=TODAY + 3), "CEILING_REACHED"),
        (Allocation("A", Kind.FLOOR, ("gold",), NEW, frozenset({"HAM"}), units(4)), "KEPT_FOR_OTHERS"),
    ):
        shelf = a_shelf((1, []), (4, [(Part.RECEIPT, 4, 4)]))
        shelf.rationed = [rule]
        for partial, quantity in ((False, 3), (False, 4), (True, 3)):
            decision = promise(Demand((wished(quantity),), allow_partial=partial, classes=("shop",)), shelf)
            check(shelf, decision)
            (line,) = decision.lines
            assert by_sku(line.deliveries)[-1][0::2] == (NEW, 4)
            assert {(reason.code, reason.ref): reason.adds_days for reason in line.reasons if reason.adds_days} == {(code, "A"): 4}
    shelf = a_shelf((1, []), (3, []))
    shelf.rationed = [Allocation("A", Kind.CEILING, ("shop",), NEW, None, units(1), last=TODAY + 3)]
    (line,) = promise(Demand((wished(4),), classes=("shop",)), shelf).lines
    assert [(reason.code, reason.adds_days) for reason in line.reasons if reason.adds_days] == [("CEILING_REACHED", 4)], (
        "of three, not of four"
    )


def test_many_substitutes_that_are_no_better_are_named_a_few_of_them() -> None:
    others = [f"NEW-{n}" for n in range(6)]
    shelf = AShelf(a_book(receipt("PO", 5, 2), sku=OLD), *(a_book(receipt(f"PO-{sku}", 5, 9), sku=sku) for sku in others))
    line = replace(a_line(4, sku=OLD), substitutes=tuple(Substitute(sku, ("HAM",)) for sku in others))
    (answer,) = promise(Demand((line,)), shelf).lines
    assert [(one.alternative, one.kind, one.deliveries[0].sku, one.lost_because) for one in answer.alternatives] == [
        (f"a{n + 1}", "substitute", f"NEW-{n}", "LATER") for n in range(4)
    ]


def test_one_of_equal_worth_does_not_stand_in() -> None:
    shelf = AShelf(a_book(receipt("PO", 5, 2), sku=OLD), a_book(receipt("PO-2", 5, 2), sku=NEW))
    (answer,) = promise(Demand((wished(4),)), shelf).lines
    assert by_sku(answer.deliveries) == [(OLD, 4, 2)]
    assert [(one.kind, one.lost_because) for one in answer.alternatives] == [("substitute", "SUBSTITUTE")]


def test_what_it_would_have_been_without_a_substitute_is_told_and_nothing_is_missing_any_more() -> None:
    shelf = AShelf(a_book(on_hand=3, sku=OLD), a_book(on_hand=1, sku=NEW), a_book(on_hand=5, sku="NEWER"))
    line = replace(wished(4), substitutes=(Substitute(NEW, ("HAM",)), Substitute("NEWER", ("HAM",))))
    for partial, before in ((True, [("partial", "LESS_PROMISED")]), (False, [])):
        (answer,) = promise(Demand((line,), allow_partial=partial), shelf).lines
        assert (by_sku(answer.deliveries), answer.outcome) == ([(OLD, 3, 0), (NEW, 1, 0)], "full")
        assert [(one.kind, one.lost_because) for one in answer.alternatives][:1] == (before or [("partial", "PARTIAL_NOT_ALLOWED")])
        assert {reason.code for reason in answer.reasons} == {"COVERED", "SUBSTITUTED"}
    (less,) = promise(Demand((replace(line, quantity=units(20)),), allow_partial=True), shelf).lines
    assert (by_sku(less.deliveries), less.outcome) == ([(OLD, 3, 0), (NEW, 1, 0), ("NEWER", 5, 0)], "partial")
    assert less.reasons[-1].code == "NOT_ENOUGH_SUPPLY"


def test_limits_on_shipments_bind_the_sku_and_its_substitutes_together() -> None:
    shelf = AShelf(*(a_book(receipt(f"PO-{sku}", 2, 3), on_hand=2, sku=sku) for sku in (OLD, NEW)))
    for more, expected in (
        ({}, [(OLD, 2, 0), (NEW, 2, 0), (OLD, 2, 3), (NEW, 1, 3)]),
        ({"max_shipments": 4}, [(OLD, 2, 0), (NEW, 2, 0), (OLD, 2, 3), (NEW, 1, 3)]),
        ({"max_shipments": 3}, [(OLD, 4, 3), (NEW, 3, 3)]),
        ({"latest_day": TODAY + 2}, [(OLD, 2, 0), (NEW, 2, 0)]),
    ):
        (answer,) = promise(Demand((wished(7, **more),), allow_partial=True), shelf).lines
        assert by_sku(answer.deliveries) == expected, more
    for quantity, expected in ((3, [(OLD, 2, 0), (NEW, 1, 0)]), (5, [(OLD, 4, 3), (NEW, 1, 3)])):
        (answer,) = promise(Demand((wished(quantity, min_ship=units(2)),), allow_partial=True), shelf).lines
        assert by_sku(answer.deliveries) == expected, "both together are one delivery, a rest of one would be too little"


def test_a_substitute_is_looked_for_at_its_own_sites_and_goes_with_the_sku_from_one() -> None:
    shelf = AShelf(
        a_book(on_hand=2, sku=OLD), a_book(on_hand=2, sku=OLD, site="BER"), a_book(on_hand=2, sku=NEW, site="BER"),
        a_book(on_hand=9, sku=NEW, site="ROM"),
    )  # fmt: skip
    line = replace(wished(4, sites=("HAM", "BER")), substitutes=(Substitute(NEW, ("BER",)),))
    (answer,) = promise(Demand((line,)), shelf).lines
    assert [(one.site, one.sku, one.quantity) for one in answer.deliveries] == [("BER", None, units(2)), ("BER", NEW, units(2))]
    elsewhere = replace(line, substitutes=(Substitute(NEW, ("ROM",)),))
    (answer,) = promise(Demand((elsewhere,)), shelf).lines
    assert [(one.site, one.sku, one.quantity) for one in answer.deliveries] == [("ROM", NEW, units(4))]


def test_of_several_lanes_the_fastest_brings_both_in_one_delivery() -> None:
    class Lanes(AShelf):
        def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
            del sku, site, ship_to, customer
            return a_lane(5, "SEA"), a_lane(1, "AIR"), a_lane(1, "RAIL")

    shelf = Lanes(a_book(on_hand=2, sku=OLD), a_book(on_hand=2, sku=NEW))
    (answer,) = promise(Demand((replace(wished(4, 1), ship_to="DE"),)), shelf).lines
    assert [(one.lane, one.sku, one.delivery_day - TODAY) for one in answer.deliveries] == [("AIR", None, 1), ("AIR", NEW, 1)]


def test_the_rest_of_a_delivery_is_planned_of_a_substitute_only_where_some_of_the_sku_is_there_in_time() -> None:
    for on_hand, expected in ((0, [(NEW, 5, 4)]), (1, [(PRODUCT, 1, 4), (NEW, 4, 4)]), (4, [(PRODUCT, 4, 4), (NEW, 1, 4)])):
        plant = Plant(a_book(on_hand=on_hand, sku=PRODUCT, site=HERE), a_book(sku=NEW, site=HERE))
        plant.source[NEW, HERE] = (a_purchase(4),)
        line = replace(a_line(5, 0, sku=PRODUCT, sites=(HERE,)), substitutes=(Substitute(NEW, (HERE,)),))
        decision = promise(Demand((line,)), plant)
        found = [(one.sku or PRODUCT, one.quantity // MICRO, one.delivery_day - TODAY) for one in decision.lines[0].deliveries]
        assert found == expected
        assert [one.quantity for one in decision.planned] == [units(5 - on_hand)]


def test_in_several_deliveries_a_substitute_is_planned_in_time_and_late_the_sku_comes_first() -> None:
    plant = Plant(a_book(receipt("PO", 9, 7), on_hand=1, sku=PRODUCT, site=HERE), a_book(on_hand=1, sku=NEW, site=HERE))
    plant.source[NEW, HERE] = (a_purchase(2),)
    line = replace(a_line(5, 3, sku=PRODUCT, sites=(HERE,)), substitutes=(Substitute(NEW, (HERE,)),))
    decision = promise(Demand((line,), allow_partial=True), plant)
    assert [(one.sku, one.quantity // MICRO, one.delivery_day - TODAY) for one in decision.lines[0].deliveries] == [
        (None, 1, 3), (NEW, 4, 3),
    ]  # fmt: skip
    late = replace(line, requested_day=TODAY + 1)
    decision = promise(Demand((late,), allow_partial=True), plant)
    assert [(one.sku, one.delivery_day - TODAY) for one in decision.lines[0].deliveries] == [(None, 1), (NEW, 1), (None, 7)]


def test_what_is_known_of_a_substitute_is_waited_for_where_buying_it_takes_longer() -> None:
    for on, planned in ((2, []), (6, [units(5)])):
        plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(receipt("PO", 5, on), sku=NEW, site=HERE))
        plant.source[NEW, HERE] = (a_purchase(4),)
        line = replace(a_line(5, 0, sku=PRODUCT, sites=(HERE,)), substitutes=(Substitute(NEW, (HERE,)),))
        decision = promise(Demand((line,)), plant)
        assert [(one.sku, one.delivery_day - TODAY) for one in decision.lines[0].deliveries] == [(NEW, min(on, 4))]
        assert [one.quantity for one in decision.planned] == planned


def test_a_millionth_of_the_sku_goes_with_a_millionth_of_its_substitute() -> None:
    few = 1 / MICRO
    for book, source in ((a_book(on_hand=1, sku=NEW, site=HERE), ()), (a_book(sku=NEW, site=HERE), (a_purchase(0),))):
        plant = Plant(a_book(on_hand=few, sku=PRODUCT, site=HERE), book)
        plant.source[NEW, HERE] = source
        line = replace(a_line(2 * few, 0, sku=PRODUCT, sites=(HERE,)), substitutes=(Substitute(NEW, (HERE,)),))
        for partial in (False, True):
            answer = promise(Demand((line,), allow_partial=partial), plant).lines[0]
            assert [(one.sku, one.quantity) for one in answer.deliveries] == [(None, 1), (NEW, 1)]


def test_limits_bind_what_comes_in_time_and_late_down_to_a_millionth() -> None:
    for one in (1, units(2)):
        books = [a_book(receipt(f"PO-{sku}", one / MICRO, 3), on_hand=one / MICRO, sku=sku) for sku in (OLD, NEW)]
        line = replace(wished(1), quantity=3 * one, min_ship=None if one == 1 else one)
        for limit, expected in ((3, [(None, one, 0), (NEW, one, 0), (None, one, 3)]), (2, [(None, 2 * one, 3), (NEW, one, 3)])):
            (answer,) = promise(Demand((replace(line, max_shipments=limit),), allow_partial=True), AShelf(*books)).lines
            assert [(each.sku, each.quantity, each.delivery_day - TODAY) for each in answer.deliveries] == expected
    later = (receipt("PO-1", 1, 3, "a"), receipt("PO-2", 1, 4, "b"))
    shelf = AShelf(a_book(*later, on_hand=2, sku=OLD), a_book(on_hand=2, sku=NEW))
    (answer,) = promise(Demand((wished(6, max_shipments=3),), allow_partial=True), shelf).lines
    assert by_sku(answer.deliveries) == [(OLD, 2, 0), (NEW, 2, 0), (OLD, 2, 4)]


def test_late_the_sku_is_planned_and_where_it_cannot_be_the_substitute() -> None:
    for bought, expected in ((PRODUCT, [(None, 1, 0), (NEW, 1, 0), (None, 3, 6)]), (NEW, [(None, 1, 0), (NEW, 1, 0), (NEW, 3, 6)])):
        plant = Plant(a_book(on_hand=1, sku=PRODUCT, site=HERE), a_book(on_hand=1, sku=NEW, site=HERE))
        plant.source[bought, HERE] = (a_purchase(6),)
        line = replace(a_line(5, 0, sku=PRODUCT, sites=(HERE,)), substitutes=(Substitute(NEW, (HERE,)),))
        (answer,) = promise(Demand((line,), allow_partial=True), plant).lines
        assert [(one.sku, one.quantity // MICRO, one.delivery_day - TODAY) for one in answer.deliveries] == expected
