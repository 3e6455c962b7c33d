"""How well jobs used what they were given: those that have ended, and those that run."""
