"""Others' worked cases, asked of the kernel itself: an adapter per shape of case."""
