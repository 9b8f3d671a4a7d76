"""Who did what when, before and after: an append-only log whose entries are chained by hashes."""
