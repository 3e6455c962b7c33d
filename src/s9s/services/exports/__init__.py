"""Exports: asked for, made and fetched."""
