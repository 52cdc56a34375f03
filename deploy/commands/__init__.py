"""The commands of `pledge`, a file each. A command imports what it needs when it runs: `pledge --help` loads nothing."""
