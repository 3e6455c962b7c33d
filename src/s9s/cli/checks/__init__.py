"""What `s9s check` looks at: the host, the database, the cluster. Nothing here changes anything."""
