"""Turn numbers into decisions: balanced territories with a proven gap."""
