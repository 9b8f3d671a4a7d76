"""Executions of the optimizer: durable, watched while they run, ended once."""
