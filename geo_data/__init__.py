"""Turn geography into numbers and numbers into maps."""
