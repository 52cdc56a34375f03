"""What is true of capacity: frozen values and pure functions."""
