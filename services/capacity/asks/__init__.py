"""What may be asked of capacity, through whatever door: bodies with every mistake that can be seen in them alone."""
