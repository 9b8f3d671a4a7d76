"""The way from the current alignment to another one: moves in weekly waves, hand-overs, and the way back."""
