"""Ways out: mail and other people's servers."""
