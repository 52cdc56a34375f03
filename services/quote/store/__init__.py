"""What is remembered: the only SQL of quote.

`pool` opens connections; `books` holds the ledger; `documents` quotes and orders; `keys` who asked what before;
`log` the decisions; `supply` what the other services said last.
"""
