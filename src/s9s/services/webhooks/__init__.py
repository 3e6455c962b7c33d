"""Events that are posted to other servers."""
