"""HTTP to the platforms we serve: one module per peer, each with its own secret and its own rules."""
