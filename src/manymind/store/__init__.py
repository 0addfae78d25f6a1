"""The only SQL: what outlives a request. SQLite by default, PostgreSQL by URL, one schema."""
