"""Travel times from a routing service: asked once, at import or by the first job in need, and kept as pairs."""
