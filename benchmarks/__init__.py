"""Measures what the project promises; `python -m benchmarks --help` lists what there is.

Speeds are compared in alternated rounds and per CPU second of the server, so that a shared or slower
machine moves both sides alike.
"""
