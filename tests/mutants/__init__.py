"""Mutation testing of the rules: what a changed rule would look like, and whether a test sees it. `make mutants`."""
