"""Commands that only speak to a server's API, and so work from anywhere."""
