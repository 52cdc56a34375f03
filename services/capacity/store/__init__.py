"""What capacity remembers: the only SQL. `find_` may find nothing, `lock_` waits for others, `list_` pages, `save` replaces."""

from services.capacity.store.bills import list_below, lock_bills, save_goes_in
from services.capacity.store.corrections import (
    CorrectionRow,
    delete_correction,
    find_correction,
    list_corrections,
    page_corrections,
    save_correction,
)
from services.capacity.store.definitions import (
    Definition,
    find_definition,
    find_groups,
    find_resources,
    list_definitions,
    list_due,
    lock_definition,
    lock_known,
    lock_resources_on,
    lock_routings_with,
    save_definitions,
    share_definition,
)
from services.capacity.store.items import add_items, find_items, list_heard, list_offsets, move_offset, remove_items, set_offsets
from services.capacity.store.retiring import (
    find_places,
    find_resources_on,
    find_routings_with,
    list_corrections_left,
    list_definitions_left,
)

__all__ = [
    "CorrectionRow",
    "Definition",
    "add_items",
    "delete_correction",
    "find_correction",
    "find_definition",
    "find_groups",
    "find_items",
    "find_places",
    "find_resources",
    "find_resources_on",
    "find_routings_with",
    "list_below",
    "list_corrections",
    "list_corrections_left",
    "list_definitions",
    "list_definitions_left",
    "list_due",
    "list_heard",
    "list_offsets",
    "lock_bills",
    "lock_definition",
    "lock_known",
    "lock_resources_on",
    "lock_routings_with",
    "move_offset",
    "page_corrections",
    "remove_items",
    "save_correction",
    "save_definitions",
    "save_goes_in",
    "set_offsets",
    "share_definition",
]
