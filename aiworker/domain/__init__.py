"""Pure knowledge: no I/O, no clock, no randomness, no async."""
