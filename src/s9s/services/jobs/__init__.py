"""Live jobs: listed, looked up, submitted, changed, and their output."""
