"""What agents can do, one file each."""
