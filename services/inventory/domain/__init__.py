"""What is true of stock: frozen values and pure functions, a file per idea."""
