"""How the tables of capacity got here."""
