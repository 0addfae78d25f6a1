"""The only outgoing connections."""
