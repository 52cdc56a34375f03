"""What is true of alerts: frozen values and pure functions, a file per idea."""
