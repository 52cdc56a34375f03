"""The sample company is read as it is, holes and all."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from deploy.demo.company import FURNITURE, read

TODAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)


def test_the_furniture_company_is_complete_and_its_first_of_january_is_the_friday_to_come() -> None:
    company = read(TODAY)
    assert len(company.items) == 11
    assert len(company.sites) == 4
    assert len(company.receipts) == 7
    assert len(company.orders) == 16
    assert {receipt.receipt_id: receipt.due_date for receipt in company.receipts}["PO-4"] == date(2026, 12, 1)
    assert {order.order_id: order.requested_date for order in company.orders}["DEMAND-12"] == date(2026, 11, 28)
    assert [order.order_id for order in company.orders[:3]] == ["DEMAND-02", "DEMAND-01", "DEMAND-03"], "the urgent one goes first"


def test_who_waits_for_whom_is_the_same_on_whatever_day_the_company_is_loaded() -> None:
    """A receipt of a Saturday does not serve a delivery of a Sunday: so no day of the files becomes another day of the week."""
    told = read(date(2021, 1, 1))
    for offset in range(7):
        moved = read(TODAY + timedelta(days=offset))
        assert {one.due_date.weekday() - other.due_date.weekday() for one, other in zip(told.receipts, moved.receipts, strict=True)} == {0}
        weeks = {(other.requested_date - one.requested_date).days / 7 for one, other in zip(told.orders, moved.orders, strict=True)}
        assert [one.is_integer() for one in weeks] == [True]
        assert TODAY + timedelta(days=offset) <= min(one.due_date for one in moved.receipts) <= TODAY + timedelta(days=offset + 8)


def test_the_files_for_the_services_have_moved_dates_and_name_who_does_what() -> None:
    files = {file.kind: file for file in read(TODAY).files}
    closed = [row for row in files["calendars"].rows if row["calendar"] == "WORKING-DAYS" and row["from_date"] == FRIDAY.isoformat()]
    assert [row["to_date"] for row in closed] == ["2026-11-28"], "New Year's Day"
    kinds = list(files)
    assert kinds.index("resources") < kinds.index("operation_resources") < kinds.index("routings"), "nothing is named before it is known"
    assert ("Saw chair leg", "OPERATORS", "SAWING-SKILL") in [
        (row["operation"], row["resource"], row["skill"]) for row in files["operation_resources"].rows
    ]
    assert [row["customer"] for row in files["customers"].rows] == ["CUSTOMER-NEAR-SHOP-1", "CUSTOMER-NEAR-SHOP-2"]
    assert {row["supplier"] for row in files["suppliers"].rows} == {"WOOD-SUPPLIER", "CUSHION-SUPPLIER", "SCREW-SUPPLIER", "CHAIR-SUPPLIER"}
    assert files["stock"].text.splitlines()[0] == "site,sku,on_hand,safety_stock,reason,document"


def test_whatever_is_ordered_somewhere_has_a_stock_row_there_and_the_guess_is_said() -> None:
    company = read(TODAY)
    stock = {(row.sku, row.site) for row in company.stock}
    assert {(order.sku, order.site) for order in company.orders} <= stock
    assert any("VARNISHED-CHAIR in SHOP-2" in hole for hole in company.holes)


def test_rows_that_cannot_be_read_are_reported_by_line_and_the_rest_is_used(tmp_path: Path) -> None:
    for file in FURNITURE.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "stock.csv").write_text(
        "\ufeffsite, sku ,on_hand,safety_stock\n FACTORY ,CHAIR,4,\nSHOP-1,CHAIR,four,0\nSHOP-2,,1,0\nSHOP-1,CUSHION,-3,0\nSHOP-2,SCREWS\n",
        encoding="utf-8",
    )
    (tmp_path / "customers.csv").unlink()
    company = read(TODAY, tmp_path)
    read_rows = [(row.site, row.sku, row.on_hand) for row in company.stock[:2]]
    assert read_rows == [("FACTORY", "CHAIR", Decimal(4)), ("SHOP-2", "SCREWS", Decimal(0))]
    assert [hole for hole in company.holes if "taken as 0" not in hole] == [
        "customers.csv is missing",
        "stock.csv line 3: a quantity is not a number",
        "stock.csv line 4: sku is empty",
        "stock.csv line 5: on_hand is -3",
    ]
