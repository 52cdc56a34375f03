"""How files get in from the command line: through the public doors, one at a time or from a folder that is watched."""
