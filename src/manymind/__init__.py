"""Manymind: a self-hosted model server whose flagship model is a team."""

__version__ = "0.1.0"
