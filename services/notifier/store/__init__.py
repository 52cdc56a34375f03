"""What notifier remembers: the only SQL. `find_` may find nothing, `lock_` waits for others, `list_` pages, `save` replaces."""
