"""Who a caller is: credentials of every kind, and what a name and a role are worth."""
