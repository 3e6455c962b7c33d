"""Ways to reach a cluster. `base` says what each of them can do; nothing here knows HTTP routes of ours."""
