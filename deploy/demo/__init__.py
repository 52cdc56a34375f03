"""The sample company: its data, how it gets in through the public doors, and the story that keeps it moving."""
