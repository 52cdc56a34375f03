"""What quote answers, as the OpenAPI document describes it. The bodies themselves are made in `answers`."""
