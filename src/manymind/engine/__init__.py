"""A team that looks like one model: a leader, its agents, and the code that checks them.

The engine speaks the canonical language alone. Models, documents, tools and money reach it
through the ports; it opens no connection, reads no file but its own prompts, and keeps no clock.
"""
