"""What quote does: one small class or function per use case. Each change reads: load, decide, write, say."""
