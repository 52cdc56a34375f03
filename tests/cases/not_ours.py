"""Cases that follow a rule that is deliberately not ours: which rule, and why."""

RULES: dict[str, str] = {
    "mps-record-65": "A forecast consumes there, where no order does; a book knows no forecast, so our row is another. Its ATP row "
    "is our discrete ATP, the planner's report (a test of its own says so); promising uses the suffix minimum.",
    "oracle-backward": "Backward consumption leaves an uncovered shortage in its own period, so later periods look free that are not. "
    "The suffix minimum cannot over-commit.",
    "oracle-backward-accumulate": "Negative quantities are not carried forward there, so the shortage of period 4 is offered again from "
    "period 5 on. Ours are one lower from there on, and negative before it.",
    "bc-outside-period-ignored": "A look-ahead of one day ignores the demand of D+3 and promises its supply a second time. Ours looks to "
    "the last event and refuses.",
    "bc-check-period-zero": "A check period of 0 days hides the receipt of 2 February. Ours has no horizon: it answers 2 February.",
    "oca-ordered-atp-horizon": "Orders beyond a horizon do not count there, and stock is dealt out by date of the order. Ours counts every "
    "promise, and the first to be confirmed keeps what it was promised.",
    "cosmic-reallocate": "One single batch must hold the whole quantity of an order there. Ours covers a promise from as many supplies as "
    "it takes, by date.",
    "odoo-forecast": "The past has a balance of its own there. Ours begins today: what is overdue counts today, as it does there from "
    "today on.",
    "bc-special-order-pegged": "A receipt is hard-pegged to one order there. Ours pegs by date, stock first, and never holds supply back "
    "from an earlier date for a later one.",
    "medusa-backorder": "Backorders reserve what is not there. Ours never promises what no supply covers.",
    "erpnext-reserved-blocks": "An issue is refused while stock is reserved there. Ours books every fact; what it endangers is at risk.",
    "frepple-safety-stock-refill": "Refilling safety stock without demand is planning of supply. Ours promises from plans, and makes none "
    "without an order.",
    "tryton-transfer-lead": "An order point that orders a transfer without a customer's order is planning of supply, as above.",
    "conc-optimistic": "Two transactions meet under REPEATABLE READ and one fails there. Ours decides behind row locks: both succeed.",
    "bc-nonworking-request-day": "A wanted date that does not work moves to the next working day there. Ours is met on the last day before "
    "it that works, and later only where that is no longer possible: whoever wants it by a day is not served after it.",
    "bc-planned-delivery-nonworking": "The same: a planned delivery on a closed day moves on there, ours moves back where there is time.",
    "frepple-fence-calendar-1": "A negative fence lets an operation start before today there. Ours starts nothing in the past.",
    "frepple-capacity-material": "Making is planned backward from the due dates there, so the last order finds machine and component "
    "taken on the last days. Ours makes forward from today: all four orders are in time.",
}
