"""How the tables of inventory got here."""
