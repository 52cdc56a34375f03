"""What the sample company has and owes, read from its CSV files as of today.

Real data has holes: a row that cannot be read is reported with its file and line, and the rest is used.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

FURNITURE = Path(__file__).resolve().parent / "furniture"
AS_OF = date(2021, 1, 1)
"""The day on which the files were true; a loader makes it today."""

Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stock:
    """On hand and kept back, of one sku at one site."""

    site: str
    sku: str
    on_hand: Decimal
    safety_stock: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is to come."""

    receipt_id: str
    kind: str
    sku: str
    site: str
    from_site: str | None
    supplier: str | None
    quantity: Decimal
    ship_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class Order:
    """An open order that was promised elsewhere."""

    order_id: str
    customer: str
    sku: str
    site: str
    quantity: Decimal
    promised_date: date


@dataclass(slots=True)
class Company:
    """All of it; `holes` names what could not be used, or had to be assumed."""

    items: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name and unit of measure by sku."""
    sites: dict[str, str] = field(default_factory=dict)
    customers: list[str] = field(default_factory=list)
    stock: list[Stock] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)


def read(today: date, folder: Path = FURNITURE) -> Company:
    """The company with every date shifted by the same number of days, so that AS_OF becomes `today`."""
    company = Company()
    shift = today - AS_OF
    company.items = dict(_rows(company, folder / "items.csv", lambda row: (_name(row, "sku"), (row["name"], row["uom"] or "EA"))))
    company.sites = dict(_rows(company, folder / "sites.csv", lambda row: (_name(row, "site"), row["name"])))
    company.customers = list(_rows(company, folder / "customers.csv", lambda row: _name(row, "customer")))
    company.stock = list(_rows(company, folder / "stock.csv", _stock))
    company.receipts = list(_rows(company, folder / "receipts.csv", lambda row: _receipt(row, shift)))
    company.orders = [order for order in _rows(company, folder / "orders.csv", lambda row: _order(row, shift)) if order]
    _count_what_has_no_stock_row(company)
    return company


def _count_what_has_no_stock_row(company: Company) -> None:
    """An order or a receipt for a sku where nobody ever counted it: its stock is nought, said aloud."""
    counted = {(row.sku, row.site) for row in company.stock}
    named = [(order.sku, order.site) for order in company.orders] + [(receipt.sku, receipt.site) for receipt in company.receipts]
    for sku, site in dict.fromkeys(named):
        if (sku, site) not in counted:
            company.stock.append(Stock(site, sku, Decimal(0), Decimal(0)))
            company.holes.append(f"stock.csv has no row for {sku} in {site}, where it is ordered: taken as 0")


def _rows(company: Company, path: Path, make: Callable[[Row], T]) -> Iterator[T]:
    if not path.is_file():
        company.holes.append(f"{path.name} is missing")
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        for raw in reader:
            row = {str(name).strip(): (value or "").strip() for name, value in raw.items() if isinstance(value, str | None)}
            try:
                yield make(row)
            except (KeyError, ValueError, InvalidOperation) as error:
                company.holes.append(f"{path.name} line {reader.line_num}: {_why(error)}")


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no column {error.args[0]}"
    return "a quantity is not a number" if isinstance(error, InvalidOperation) else str(error)


def _name(row: Row, column: str) -> str:
    if not row[column]:
        message = f"{column} is empty"
        raise ValueError(message)
    return row[column]


def _quantity(row: Row, column: str) -> Decimal:
    value = Decimal(row[column] or "0")
    if not value.is_finite() or value < 0:
        message = f"{column} is {row[column]}"
        raise ValueError(message)
    return value


def _day(row: Row, column: str, shift: timedelta) -> date:
    return date.fromisoformat(row[column]) + shift


def _stock(row: Row) -> Stock:
    return Stock(_name(row, "site"), _name(row, "sku"), _quantity(row, "on_hand"), _quantity(row, "safety_stock"))


def _receipt(row: Row, shift: timedelta) -> Receipt:
    return Receipt(
        receipt_id=_name(row, "receipt_id"),
        kind=_name(row, "kind"),
        sku=_name(row, "sku"),
        site=_name(row, "site"),
        from_site=row["from_site"] or None,
        supplier=row["supplier"] or None,
        quantity=_quantity(row, "quantity"),
        ship_date=_day(row, "start_date", shift),
        due_date=_day(row, "due_date", shift),
    )


def _order(row: Row, shift: timedelta) -> Order | None:
    """None for the past: it serves statistics, not promising."""
    if row["status"] != "open":
        return None
    return Order(
        order_id=_name(row, "order_id"),
        customer=row["customer"],
        sku=_name(row, "sku"),
        site=_name(row, "site"),
        quantity=_quantity(row, "quantity"),
        promised_date=_day(row, "requested_date", shift),
    )


def as_number(quantity: Decimal) -> int | str:
    """As JSON carries it exactly: a whole number, or a string."""
    return int(quantity) if quantity == quantity.to_integral_value() else str(quantity)


def body_of_stock(row: Stock) -> dict[str, Any]:
    """For `PUT /v1/stock/{site}/{sku}`."""
    return {
        "on_hand": as_number(row.on_hand),
        "safety_stock": as_number(row.safety_stock),
        "reason": "opening count",
        "document": "stock.csv",
    }


def body_of_receipt(row: Receipt) -> dict[str, Any]:
    """For `PUT /v1/receipts/{id}`."""
    body: dict[str, Any] = {
        "kind": row.kind,
        "site": row.site,
        "sku": row.sku,
        "quantity": as_number(row.quantity),
        "due_date": row.due_date.isoformat(),
        "document": "receipts.csv",
    }
    body |= {"supplier": row.supplier} if row.supplier else {}
    return body | ({"from_site": row.from_site, "ship_date": row.ship_date.isoformat()} if row.from_site else {})


def body_of_orders(orders: list[Order]) -> dict[str, Any]:
    """For `POST /v1/orders/import`."""
    return {
        "orders": [
            {
                "external_id": order.order_id,
                "source_system": "furniture",
                "customer": order.customer,
                "lines": [
                    {
                        "line_ref": "1",
                        "sku": order.sku,
                        "site": order.site,
                        "quantity": as_number(order.quantity),
                        "promised_date": order.promised_date.isoformat(),
                    }
                ],
            }
            for order in orders
        ]
    }
