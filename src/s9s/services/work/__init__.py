"""Durable work that is done in the background."""
