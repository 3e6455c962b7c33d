"""Rows and reports to bytes, without knowing where they come from."""
