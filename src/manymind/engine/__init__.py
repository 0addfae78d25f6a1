"""A team that looks like one model."""
