"""HTTP in front of the services: the one package that knows the web framework.

Routers parse, call one service and return; units are rendered in `schemas`; `errors` has the one
table from error codes to statuses.
"""
