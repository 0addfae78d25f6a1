"""Documents: split, index, search, grep, slice, quote check."""
