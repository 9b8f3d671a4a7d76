"""Who calls, for which tenant, and what they may do: keys, roles, tokens and rates."""
