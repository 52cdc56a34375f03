"""What notifier does. Each handler reads: load, decide, save, say."""
