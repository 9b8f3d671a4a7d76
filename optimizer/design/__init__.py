"""Territory design: connected territories of units, around given centers or centers of their own."""
