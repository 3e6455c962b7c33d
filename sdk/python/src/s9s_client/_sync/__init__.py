"""The synchronous client, from which the synchronous one is made."""
