"""What inventory remembers: the only SQL. `find_` may find nothing, `lock_` waits for others, `list_` pages, `save` replaces."""

from services.inventory.store.definitions import (
    Definition,
    find_decimals,
    find_definition,
    is_used,
    list_definitions,
    lock_definition,
    save_definition,
)
from services.inventory.store.lines import find_open_lines, list_shipped, save_order_lines, save_shipped
from services.inventory.store.movements import (
    Earlier,
    MovementRow,
    MovementTakenError,
    add_movements,
    find_movement,
    find_movements,
    list_movements,
    moved_since,
)
from services.inventory.store.offsets import list_offsets, move_offset, set_offsets
from services.inventory.store.positions import (
    CountRow,
    Remembered,
    add_count,
    find_position,
    list_positions,
    lock_positions,
    save_positions,
)
from services.inventory.store.receipts import (
    ReceiptRow,
    find_receipt,
    list_receipts,
    list_receipts_at,
    lock_receipts,
    save_receipts,
)

__all__ = [
    "CountRow",
    "Definition",
    "Earlier",
    "MovementRow",
    "MovementTakenError",
    "ReceiptRow",
    "Remembered",
    "add_count",
    "add_movements",
    "find_decimals",
    "find_definition",
    "find_movement",
    "find_movements",
    "find_open_lines",
    "find_position",
    "find_receipt",
    "is_used",
    "list_definitions",
    "list_movements",
    "list_offsets",
    "list_positions",
    "list_receipts",
    "list_receipts_at",
    "list_shipped",
    "lock_definition",
    "lock_positions",
    "lock_receipts",
    "move_offset",
    "moved_since",
    "save_definition",
    "save_order_lines",
    "save_positions",
    "save_receipts",
    "save_shipped",
    "set_offsets",
]
