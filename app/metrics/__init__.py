"""What the service tells Prometheus: is the queue healthy, is the solver good."""
