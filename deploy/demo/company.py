"""What the sample company has and owes, read from its CSV files as of this week, and the files as the services take them.

Real data has holes: a row that cannot be read is reported with its file and line, and the rest is used. What only the service
can judge (a resource that nobody defined) goes out as it is, and comes back with the service's own words.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

FURNITURE = Path(__file__).resolve().parent / "furniture"
AS_OF = date(2021, 1, 1)
"""The day on which the files were true: a Friday. A loader makes it the first Friday from today on."""

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
    """An open order: what a customer wants, by when, and how urgent it is (a small priority is urgent)."""

    order_id: str
    customer: str
    sku: str
    site: str
    quantity: Decimal
    requested_date: date
    priority: int


@dataclass(frozen=True, slots=True)
class File:
    """A file for `POST /v1/imports` of one service."""

    service: str
    kind: str
    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        """As CSV; the first line names the columns."""
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        written = io.StringIO(newline="")
        writer = csv.DictWriter(written, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return written.getvalue()


@dataclass(slots=True)
class Company:
    """All of it; `holes` names what could not be used, or had to be assumed."""

    items: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name and unit of measure by sku."""
    sites: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    """Name by customer."""
    stock: list[Stock] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    """The most urgent first, then by their numbers: the order in which a planner deals with them."""
    files: list[File] = field(default_factory=list)
    """What the services are sent, in an order in which nothing is named before it is known."""
    holes: list[str] = field(default_factory=list)

    def parts_of(self, sku: str) -> list[tuple[str, Decimal]]:
        """What one piece is made of, by the bill of material."""
        bills = [row for file in self.files if file.kind == "boms" for row in file.rows]
        return [(row["component"], Decimal(row["quantity_per"])) for row in bills if row["sku"] == sku]


def read(today: date, folder: Path = FURNITURE) -> Company:
    """The company with every date moved by the same number of weeks, so that AS_OF becomes the first Friday from `today` on."""
    company = Company()
    shift = _weeks_to(today)
    items = _told(company, folder / "items.csv", lambda row: (_name(row, "sku"), (row["name"], row["uom"] or "EA")))
    sites = _told(company, folder / "sites.csv", lambda row: (_name(row, "site"), row["name"]))
    receipts = _told(company, folder / "receipts.csv", lambda row: _receipt(row, shift))
    company.items, company.sites = dict(made for _, made in items), dict(made for _, made in sites)
    customers = _told(company, folder / "customers.csv", lambda row: (_name(row, "customer"), row["name"]))
    company.customers = dict(made for _, made in customers)
    company.stock = list(_rows(company, folder / "stock.csv", _stock))
    company.receipts = [made for _, made in receipts]
    orders = [order for order in _rows(company, folder / "orders.csv", lambda row: _order(row, shift)) if order]
    company.orders = sorted(orders, key=lambda order: (order.priority, order.order_id))
    _count_what_has_no_stock_row(company)
    terms = _as_they_are(company, folder / "supplier_items.csv", shift)
    company.files = [
        File("quote", "customers", tuple(row for row, _ in customers)),
        File("inventory", "items", tuple(row for row, _ in items)),
        File("inventory", "sites", tuple({"time_zone": "UTC"} | row for row, _ in sites)),
        File("capacity", "calendars", _as_they_are(company, folder / "calendars.csv", shift)),
        File("capacity", "resources", _as_they_are(company, folder / "resources.csv", shift)),
        File("capacity", "boms", _as_they_are(company, folder / "boms.csv", shift)),
        File("capacity", "operation_resources", _as_they_are(company, folder / "operation_resources.csv", shift)),
        File("capacity", "routings", _as_they_are(company, folder / "routings.csv", shift)),
        File("inventory", "suppliers", _suppliers(terms, company.receipts)),
        File("inventory", "supplier_items", terms),
        File("inventory", "transfers", _as_they_are(company, folder / "transfers.csv", shift)),
        File("inventory", "stock", tuple(_row_of_stock(row) for row in company.stock)),
        File("inventory", "receipts", tuple(_shifted(row, shift) | {"document": "receipts.csv"} for row, _ in receipts)),
    ]
    company.files = [file for file in company.files if file.rows]
    return company


def _weeks_to(today: date) -> timedelta:
    """The fewest whole weeks that leave no day of the files before `today`: who waits for whom depends on their weekdays."""
    return timedelta(weeks=-((AS_OF - today).days // 7))


def write(today: date, directory: Path) -> list[Path]:
    """The files as somebody would have them who keeps this company today: every day moved, and its orders as a backlog.

    In an order in which nothing is named before it is known. Raises FileExistsError for one that is there already.
    """
    company = read(today)
    orders = _as_they_are(company, FURNITURE / "orders.csv", _weeks_to(today))
    written = []
    for file in (*company.files, File("quote", "orders", orders)):
        path = directory / f"{file.kind}.csv"
        with path.open("x", encoding="utf-8", newline="") as target:
            target.write(file.text)
        written.append(path)
    return written


def _told(company: Company, path: Path, make: Callable[[Row], T]) -> list[tuple[Row, T]]:
    """The rows that can be read, as they stand in the file and as what they mean."""
    return list(_rows(company, path, lambda row: (row, make(row))))


def _as_they_are(company: Company, path: Path, shift: timedelta) -> tuple[Row, ...]:
    """The rows of a file that the service judges, with their dates moved."""
    return tuple(_rows(company, path, lambda row: _shifted(row, shift)))


def _shifted(row: Row, shift: timedelta) -> Row:
    """Every date of a row moved; a date beyond all years stays."""
    return {name: (_day(row, name, shift).isoformat() if name.endswith("_date") and cell else cell) for name, cell in row.items()}


def _suppliers(terms: tuple[Row, ...], receipts: list[Receipt]) -> tuple[Row, ...]:
    """Whoever delivers something; no file lists them."""
    named = [row["supplier"] for row in terms if row.get("supplier")] + [receipt.supplier for receipt in receipts if receipt.supplier]
    return tuple({"supplier": name, "name": name.replace("-", " ").lower()} for name in sorted(set(named)))


def _row_of_stock(row: Stock) -> Row:
    return {
        "site": row.site, "sku": row.sku, "on_hand": str(row.on_hand), "safety_stock": str(row.safety_stock),
        "reason": "opening count", "document": "stock.csv",
    }  # fmt: skip


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
        requested_date=_day(row, "requested_date", shift),
        priority=int(row["priority"] or "100"),
    )


def as_number(quantity: Decimal) -> int | str:
    """As JSON carries it exactly: a whole number, or a string."""
    return int(quantity) if quantity == quantity.to_integral_value() else str(quantity)


def body_of_order(order: Order) -> dict[str, Any]:
    """For `POST /v1/orders`: the customer fetches the goods in one delivery at the shop that the order names."""
    line = {
        "line_ref": "1",
        "sku": order.sku,
        "quantity": as_number(order.quantity),
        "requested_date": order.requested_date.isoformat(),
        "sites": [order.site],
    }
    return {
        "customer": order.customer,
        "priority": order.priority,
        "external_id": order.order_id,
        "source_system": "furniture",
        "lines": [line],
    }
