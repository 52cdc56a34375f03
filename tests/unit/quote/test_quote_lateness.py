"""What is learned of how late receipts come, however their news is cut into runs."""

from itertools import combinations

from shared.contracts.inventory import Change as Happened
from shared.contracts.inventory import PositionChanged
from tests.unit.quote.desk_house import TODAY, DeskHouse, a_day, a_receipt

SKU = "TILE"


def told(house: DeskHouse, due: int) -> PositionChanged:
    return house.position(SKU, receipts=[a_receipt("PO-1", 3, due, "purchase_order", supplier="KILN").model_dump()])


def arrived(house: DeskHouse) -> PositionChanged:
    event = house.position(SKU, on_hand=3, receipts=[])
    return event.model_copy(update={"change": Happened(kind="arrival", receipt_id="PO-1")})


def test_every_date_that_was_told_of_a_receipt_is_held_against_its_arrival_wherever_a_run_of_news_ends() -> None:
    for cuts in [cut for count in range(4) for cut in combinations((1, 2, 3), count)]:
        house = DeskHouse()
        house.item(SKU)
        news = [told(house, -2), told(house, 5), told(house, 0), arrived(house)]
        observed = [
            one for first, last in zip((0, *cuts), (*cuts, len(news)), strict=True) for one in house.hear(*news[first:last]).lateness
        ]
        assert [one.due_day - TODAY.toordinal() for one in observed] == [-2, 5, 0], cuts
        assert {one.arrived_day for one in observed} == {a_day(0).toordinal()}
