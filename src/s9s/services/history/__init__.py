"""What outlives a job in slurmctld: finished jobs and samples, how they are recorded and read."""
