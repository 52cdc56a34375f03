"""The picture of why a date is what it is: bars that follow one another from the wanted to the promised day."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.console.domain.waterfall import LEFT, RIGHT, WIDTH, Step, waterfall

MONDAY = date(2026, 11, 23)


def a_step(days: int, name: str = "supply") -> Step:
    return Step(name, "AWAIT_SUPPLY", f"{days} days", days)


def test_each_step_begins_where_the_last_one_ended_and_the_edges_are_both_dates() -> None:
    picture = waterfall(MONDAY, [a_step(0, "stock"), a_step(2), a_step(1, "transport")])
    assert picture is not None
    first, second = picture.bars
    assert (first.until, second.until) == (date(2026, 11, 25), date(2026, 11, 26))
    assert first.x + first.width == second.x
    assert second.x + second.width == WIDTH - RIGHT
    assert [edge.at for edge in picture.edges] == [LEFT, WIDTH - RIGHT]
    assert picture.words == "Wanted on 23 Nov, promised for 26 Nov: supply adds 2 days; transport adds 1 day."


def test_without_a_step_that_moves_the_date_there_is_nothing_to_draw() -> None:
    assert waterfall(MONDAY, [a_step(0)]) is None
    assert waterfall(None, [a_step(2)]) is None


@given(st.lists(st.integers(-20, 60), min_size=1, max_size=12))
def test_every_bar_stays_in_the_picture_and_the_last_one_ends_on_the_promised_day(days: list[int]) -> None:
    picture = waterfall(MONDAY, [a_step(each) for each in days])
    if picture is None:
        assert not any(days)
        return
    assert (picture.bars[-1].until - MONDAY).days == sum(days)
    for bar in picture.bars:
        assert bar.x >= LEFT - 0.02
        assert bar.x + bar.width <= WIDTH - RIGHT + 0.02
        assert bar.y < picture.bottom
        assert 0 <= bar.label_at <= WIDTH
        assert (bar.label_kind == "inside") == (bar.x <= bar.label_at - 39 and bar.label_at < bar.x + bar.width)
