"""Events: what is one, who hears of it, alerts, and the connections that they go to."""
