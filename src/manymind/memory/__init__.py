"""What was said before, recalled into a request, and what is kept. It stores nothing itself."""
