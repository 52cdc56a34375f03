"""Which examples there are, and on which day and at what time they happen."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

from deploy.demo.doors import Doors
from deploy.demo.fixed import house_at
from deploy.guide.examples import allocations, changing, dates, repromising, standins, stock, supply
from deploy.guide.house import SITE, House
from deploy.guide.saying import Said

FRIDAY = datetime(2026, 10, 23, 12, 30, tzinfo=UTC)
"""The last working day before the clocks of Europe go back: half past two in Hamburg."""
MONDAY = datetime(2026, 10, 26, 12, 30, tzinfo=UTC)
"""The first one after: by UTC the same time of day, in Hamburg half past one."""

Example = Callable[[House], Awaitable[Said]]
ON_FRIDAY: dict[str, Example] = (
    stock.EXAMPLES | supply.EXAMPLES | dates.EXAMPLES | changing.EXAMPLES | repromising.EXAMPLES | allocations.EXAMPLES | standins.EXAMPLES
)
ON_MONDAY: dict[str, Example] = dates.AFTER_THE_CHANGE


async def run_all() -> dict[str, Said]:
    """What came of every example, by its name."""
    return await _run(FRIDAY, ON_FRIDAY) | await _run(MONDAY, ON_MONDAY)


async def _run(moment: datetime, examples: dict[str, Example]) -> dict[str, Said]:
    async with house_at(moment) as (urls, key, _), Doors(urls, key) as doors:
        house = House(doors, date(moment.year, moment.month, moment.day))
        await house.site(SITE)
        return {name: await example(house) for name, example in examples.items()}
