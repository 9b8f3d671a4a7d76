"""How long data live: what is old and unused goes, a tenant goes, and what is kept can be brought back."""
