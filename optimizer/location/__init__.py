"""Where centers should stand: location and assignment decided together."""
