"""Structured logs: one event a line, JSON for machines or colored text for people."""

import logging
import sys

import structlog

from app.settings import Settings
from app.traces import trace_id


def configure_logs(settings: Settings) -> None:
    """Send all log events to standard error in the form of ``settings``; called once by a command."""
    render: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=True)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _name_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, render],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s")


def _name_trace(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Add the trace that an event belongs to, where there is one."""
    found = trace_id()
    return event if found is None else {**event, "trace_id": found}
