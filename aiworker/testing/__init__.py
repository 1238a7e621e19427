"""Wire-level doubles of the systems around us, for demo and tests: real sockets, no FastAPI."""
