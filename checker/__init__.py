"""Check an alignment from raw data, sharing no code with the optimizer."""
