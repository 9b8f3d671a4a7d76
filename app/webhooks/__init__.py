"""Webhooks after Standard Webhooks: asked for with a job, kept in an outbox, signed, sent until they arrive."""
