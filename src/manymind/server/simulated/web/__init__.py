"""A web of our own to search and to read, so that research can be tried without the real one.

It is the web of the Marren Isles, which do not exist: a hundred and more pages on a handful of
sites, linked with one another, some of which contradict each other, and a few that set traps.
"""
