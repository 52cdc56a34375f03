"""How the tables of quote got here."""
