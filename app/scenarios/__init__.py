"""Questions asked of a dataset: what makes an alignment good, and how long to look for it."""
