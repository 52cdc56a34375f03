"""What is true about promising, in plain functions over plain values. Start here to find a rule.

Nothing here knows a database, a network, a clock or a framework: the books, the day and the instant are given.
Quantities are whole numbers of millionths, days are ordinals, instants are UTC.

======================  =====================================================================================
Question                Where the rule is
======================  =====================================================================================
What do we know?        `entry.py`: stock, safety stock, receipts, plans, claims, requirements → `book.py`: all of one sku at one site
When does supply count? `rules.py`: past due, dock to stock, fences
What can be promised?   `balance.py`: projected availability, ATP, THE invariant, the table by day
What was asked?         `request.py`: lines, splits, ship complete, latest acceptable date
Is it simply there?     `onhand.py`: every line on hand for the day wanted, as most are
How many, by when?      `promise.py` → `plan.py`: one line; `known.py`: from what is known; `planning.py`: with planned supply
Which way is the best?  `choice.py` (the policies of a request) → `weigh.py`, `sets.py` (of shipments); `runners.py`: the ways that lost
In several deliveries?  `split.py`: the best split, not the greedy one; `spread.py`: with planned supply
All on one date?        `shipcomplete.py` (which), `covers.py` (what each line takes on it)
On which days?          `calendar.py` (what works when) → `dates.py` (pick, ship, delivery) → `outlet.py` (by when from a site)
And if it lacks?        `sources.py` (transfer, make, buy) → `replenish.py` (the same question, down to the last part; several at once)
What may stand in?      `substitute.py`: an item's substitutes, last of all; `supplier.py`: what a supplier can deliver in a period
How late may it start?  `justintime.py`
Who has time for it?    `capacity.py`: free minutes by day, operations, pools
Who comes first?        `demandclass.py`: classes inside one another, their rank and strategy
And at most how many?   `allocation.py`: ceilings, floors, what was taken → `rations.py`: which of them bind one decision
What do they leave?     `floor.py` (kept for others), `rationed.py` (splits), `binding.py` (days they add), `lowest.py` (who refuses)
Changing a promise?     `change.py`: reduce, raise, postpone; never pulled in unasked
Goods left?             `shipment.py`: what a shipment consumes; the status of lines and orders
From which supply?      `pegging.py`: by date, stock first
Who is in danger?       `risk.py`: who can stay stays, by rank; who cannot is told when; `bins.py`: what a book has left meanwhile
What waits for what?    `needs.py`: which orders of the ERP take from which books
Who wins, who loses?    `repromise.py`: decided anew, by strategy and rank (`standing.py`), within what classes may take (`tally.py`),
                        and so that no book gets worse (`breach.py`)
Were they kept?         `kpi.py`: what each shared figure means
What is settled here?   `policy.py`: fences, past-due offsets, stability budget, freshness, costs; the closest policy first
How likely is it?       `chance.py` (how late receipts come) and `vouch.py` (the date that holds with a probability)
What if?                `assume.py`: the same question on copies of the books
Why?                    `reasons.py` (the closed list), `explanation.py` (the days sum to the slip), `underway.py` (closed days, transit)
In one sentence?        `sentence.py`
What was answered?      `answer.py`: deliveries, outcomes, alternatives; `value.py` makes such values cheap
======================  =====================================================================================

`stand.py` holds what one decision works on, `place.py` each of its books: once, less what the same decision took already.
"""
