"""What people and machines see of a command, and the options it takes; nothing heavy is imported for `--help`."""
