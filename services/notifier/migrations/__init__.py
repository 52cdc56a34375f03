"""How the tables of notifier got here."""
