"""What capacity does. Each handler reads: load, decide, save, say."""
