"""One question to everything."""
