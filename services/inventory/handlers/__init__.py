"""What inventory does. Each handler reads: load, decide, save, say."""
