"""Exhaustive search takes as long as it takes, on a busy machine longer: no deadline per example."""

from hypothesis import settings

settings.register_profile("exhaustive", deadline=None, print_blob=True)
settings.load_profile("exhaustive")
