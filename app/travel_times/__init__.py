"""Travel times from a routing service: asked once, when a dataset is imported, and kept as its pairs."""
