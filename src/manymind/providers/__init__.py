"""Upstreams, one file each."""
