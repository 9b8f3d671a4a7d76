"""Reproduce a stored alignment: what that takes, the steps again, and whether the bytes are the same."""
