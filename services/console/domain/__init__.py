"""What the console shows, as plain values, and how a book becomes a picture."""
