"""How the table of API keys got here."""
