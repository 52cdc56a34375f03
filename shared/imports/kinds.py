"""What is a row of this kind of file? Columns are the fields of a body, found by name; cells become what the body reads."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from shared.database import Session
from shared.outcomes import Outcome, Refused

Row = dict[str, str]
ERROR_COLUMNS = ("error_field", "error")
"""What the file of failed rows has besides; a file that was corrected may keep them."""
LIST_SEPARATOR = "|"
"""Between the values of one cell that holds several: no code contains it."""
_MOST_ERRORS_SHOWN = 5
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_COMMA_NUMBER = re.compile(r"[+-]?[0-9][0-9.' ]*,[0-9, .']*")
_NO_CODE = r"[^\x00-\x1f\x7f|]"
"""What is said of a text that is no code names this."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES, _NO = frozenset({"true", "yes", "y", "1", "t"}), frozenset({"false", "no", "n", "0", "f"})


@dataclass(frozen=True, slots=True)
class Job:
    """What an import is, as far as those who apply it need to know."""

    id: str
    caller: str
    started_at: datetime
    site: str | None = None
    whole: bool = False
    """A snapshot: the file names everything that there is."""
    file_name: str | None = None
    house: Any = None
    """How the service reaches its doors, for kinds that go through them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, or several that make one entity, as the body of a call; `named` are the fields that the file has columns for."""

    lines: tuple[int, ...]
    key: str
    body: BaseModel
    named: frozenset[str]


Apply = Callable[[Session, Sequence[Entry], Job], Awaitable[list[Outcome]]]
"""Take the entries over in this transaction; one outcome each."""
Carry = Callable[[Sequence[Entry], Job], Awaitable[list[Outcome]]]
"""Take the entries over through a door of the service, each in a transaction of its own; told again, they change nothing."""


class Rest(NamedTuple):
    """What became of some of what a snapshot has not named."""

    closed: int
    after: str | None
    """The key to go on behind; None: that was all."""
    kept: tuple[str, ...] = ()
    """What something else depends on: each with the place that names it."""


CloseRest = Callable[[Session, Job, str], Awaitable[Rest]]
"""Set to nothing, or retire, some of what a snapshot has not named, behind a key."""
CarryRest = Callable[[Job], Awaitable[Rest]]
"""The same with all of it, through a door of the service."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    name: str
    model: type[BaseModel]
    identity: tuple[str, ...]
    """The fields that name the entity; a file names an entity once."""
    apply: Apply | None
    """None: `carry` does it."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Column → field, where files use another word than the body."""
    ignored: frozenset[str] = frozenset()
    """Columns that are known and say nothing here."""
    complete: Callable[[Row], None] = lambda _row: None
    """Work on the cells, by field, before they are read: derive an id, understand a `*`."""
    derived: frozenset[str] = frozenset()
    """Fields that `complete` makes out of the others where the file has no column for them."""
    once: bool = True
    """A file names each entity once; False where an id of its own makes a row count once anyway."""
    site_field: str | None = None
    """The field that an import for one site must have that site in."""
    close_rest: CloseRest | None = None
    carry: Carry | None = None
    carry_rest: CarryRest | None = None
    no_snapshot: str = "has nothing to close"
    """Why, after `a snapshot of customers`."""
    group: Callable[[Sequence[Row]], dict[str, Any]] | None = None
    """Rows with one identity make one body; None: each row is one."""
    row_fields: frozenset[str] = frozenset()
    """Further columns of a kind whose rows are grouped."""
    required: frozenset[str] = frozenset()
    """Columns without which the file makes no sense, besides the identity and what the body requires."""

    @property
    def ends_the_rest(self) -> bool:
        """Whether a snapshot ends what it does not name; otherwise it is refused."""
        return self.close_rest is not None or self.carry_rest is not None


class HeaderUnfit(Exception):  # noqa: N818  (an outcome: it is the sender's file)
    """The first line does not name the columns of this kind."""


@dataclass(slots=True)
class Header:
    """The columns of one file: which cell is which field."""

    kind: Kind
    cells: list[str]
    fields: list[str | None]
    warnings: list[str]
    shapes: dict[str, str]
    named: frozenset[str]

    @classmethod
    def read(cls, kind: Kind, cells: list[str]) -> "Header":
        """Find the fields. Raises HeaderUnfit when one is missing or stands twice; a column that is unknown is a warning."""
        shapes = _shapes(kind)
        fields: list[str | None] = []
        unknown: list[str] = []
        for cell in cells:
            name = _plain(cell)
            found = kind.aliases.get(name, name)
            if found in shapes and found != "expected_revision":
                if found in fields:
                    raise HeaderUnfit(f"two columns say {found}: {cell!r} is the second")
                fields.append(found)
            else:
                fields.append(None)
                if name and name not in kind.ignored and name not in ERROR_COLUMNS:
                    unknown.append(cell)
        needed = _required(kind)
        if missing := [name for name in needed if name not in fields]:
            here = ", ".join(cell for cell in cells if cell) or "nothing"
            raise HeaderUnfit(f"the first line names no column {', '.join(missing)}; it names {here[:300]}")
        warnings = [f"unknown columns are passed over: {', '.join(unknown)[:500]}"] if unknown else []
        return cls(kind, cells, fields, warnings, shapes, frozenset(name for name in fields if name))

    def row(self, cells: Sequence[str]) -> Row | Refused:
        """The cells by field, empty ones left out; or why the row cannot be read."""
        surplus = len(cells) - len(self.fields)
        if surplus > 0 and any(cells[len(self.fields) :]):
            message = f"the row has {len(cells)} fields and the header {len(self.fields)}: a decimal comma, or a text that needs quotes?"
            return Refused("", "FIELD_COUNT", message)
        if surplus < 0:
            return Refused("", "FIELD_COUNT", f"the row has {len(cells)} fields and the header {len(self.fields)}")
        row = {name: cell for name, cell in zip(self.fields, cells, strict=False) if name is not None and cell}
        for name, value in row.items():
            wrong = f"{value[:60]!r} holds a NUL character" if "\0" in value else _wrong(self.shapes[name], value)
            if wrong is not None:
                return Refused(self.column(name), "CELL", wrong)
        self.kind.complete(row)
        return row

    def raw_key(self, cells: Sequence[str]) -> str:
        """The identity of a row that could not be read, as far as it has one."""
        return key_of(self.kind, {name: cell for name, cell in zip(self.fields, cells, strict=False) if name is not None})

    def entry(self, lines: tuple[int, ...], rows: Sequence[Row]) -> Entry | Refused:
        """The body that a row makes, or the rows of a group; or what is wrong with it."""
        kind = self.kind
        wanted: dict[str, Any] = kind.group(rows) if kind.group else {name: self._value(name, cell) for name, cell in rows[0].items()}
        try:
            body = kind.model.model_validate(wanted)
        except ValidationError as error:
            return self._refused(error)
        return Entry(lines, key_of(kind, rows[0]), body, self.named | set(wanted))

    def column(self, name: str) -> str:
        """What the file calls a field."""
        return self.cells[self.fields.index(name)] if name in self.fields else name

    def _value(self, name: str, cell: str) -> Any:
        shape = self.shapes[name]
        if shape == "array":
            return [part.strip() for part in cell.split(LIST_SEPARATOR) if part.strip()]
        if shape == "boolean":
            return cell.lower() in _YES
        return cell

    def _field(self, place: Sequence[int | str]) -> str:
        """The field that a mistake is about: the innermost that has a column, for rows that make one body together are nested in it."""
        parts = [part for part in place if isinstance(part, str)]
        return next((part for part in reversed(parts) if part in self.fields), parts[0] if parts else "")

    def _refused(self, error: ValidationError) -> Refused:
        found = error.errors(include_url=False, include_context=False)[:_MOST_ERRORS_SHOWN]
        named = [self._field(each["loc"]) for each in found]
        texts = [
            f"{self.column(name)}: {_in_words(each['msg'])}" if name else _in_words(each["msg"])
            for name, each in zip(named, found, strict=True)
        ]
        return Refused(self.column(named[0]) if named[0] else "", str(found[0]["type"]), "; ".join(texts))


def _in_words(message: str) -> str:
    return "a code holds no line break, no control character and no |" if _NO_CODE in message else message.removeprefix("Value error, ")


def key_of(kind: Kind, row: Row) -> str:
    """The identity as one text."""
    return "|".join(row.get(name, "") for name in kind.identity)


def _plain(cell: str) -> str:
    return re.sub(r"[\s\-]+", "_", cell.strip().lower())


def _required(kind: Kind) -> list[str]:
    own = () if kind.group else (name for name, info in kind.model.model_fields.items() if info.is_required())
    return [name for name in dict.fromkeys((*kind.identity, *own, *sorted(kind.required))) if name not in kind.derived]


def _shapes(kind: Kind) -> dict[str, str]:
    """Each field that fits into a cell: number, date, date-time, boolean, array or text."""
    found = dict.fromkeys(kind.row_fields, "text")
    schema = kind.model.model_json_schema()
    for name, described in schema.get("properties", {}).items():
        if (shape := _shape(described, schema.get("$defs", {}))) is not None and not kind.group:
            found[name] = shape
    for name in kind.row_fields:
        if name.endswith(
            ("_minutes", "minutes_per_unit", "quantity_per", "units", "sequence", "priority", "efficiency", "quantity", "alternate")
        ):
            found[name] = "number"
        elif name.endswith("_date"):
            found[name] = "date"
    return found | {name: found.get(name, "text") for name in kind.identity}


def _shape(described: Mapping[str, Any], definitions: Mapping[str, Any]) -> str | None:
    options = [each for each in described.get("anyOf", [described]) if each.get("type") != "null"]
    one = options[0] if options else {}
    if "$ref" in one:
        one = definitions.get(str(one["$ref"]).rpartition("/")[2], {})
    if one.get("type") == "array":
        return "array" if one.get("items", {}).get("type") == "string" else None
    if one.get("type") in ("number", "integer"):
        return "number"
    if one.get("type") == "object":
        return None
    return {"date": "date", "date-time": "date-time"}.get(one.get("format", ""), "boolean" if one.get("type") == "boolean" else "text")


def _wrong(shape: str, value: str) -> str | None:
    """What is wrong with a cell that a body would misread, in words that name the remedy."""
    if shape == "number" and not _NUMBER.fullmatch(value):
        if _COMMA_NUMBER.fullmatch(value):
            return f"{value!r} is written with a comma: write numbers with a decimal point and without thousands separators, 12.5"
        return f"{value[:60]!r} is no number: write it as 12.5"
    if shape == "date" and not _DATE.fullmatch(value):
        return f"{value[:60]!r} is no date: write it as 2026-12-01"
    if shape == "date-time" and not _DATE.match(value):
        return f"{value[:60]!r} is no instant: write it as 2026-12-01T14:30:00Z"
    if shape == "boolean" and value.lower() not in _YES | _NO:
        return f"{value[:60]!r} is neither true nor false"
    return None
