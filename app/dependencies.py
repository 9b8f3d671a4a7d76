"""What routes ask for: settings and sessions of the running app, as FastAPI dependencies.

``WriteSession`` commits when the route has returned and before the answer is sent; a POST uses
``app.idempotency.OnceParameter`` instead, whose ``run`` owns the transaction. What neither waits nor computes is a
coroutine: a plain function would be sent through the thread pool and back, once for each request.
"""

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.access.caller import caller_of
from app.database import Sessions, snapshot, transaction
from app.settings import Settings
from app.tenancy import of_tenant


async def get_settings(request: Request) -> Settings:
    """Return the settings that the app was built with."""
    return cast("Settings", request.app.state.settings)


def sessions_of(request: Request) -> Sessions:
    """Return the maker of sessions of the caller's tenant; nothing else in a route opens a session."""
    return of_tenant(cast("Sessions", request.app.state.sessions), caller_of(request).tenant_id)


async def get_sessions(request: Request) -> Sessions:
    """Return the maker of sessions of the caller's tenant, as a dependency."""
    return sessions_of(request)


SettingsParameter = Annotated[Settings, Depends(get_settings)]
SessionsParameter = Annotated[Sessions, Depends(get_sessions)]


def get_session(sessions: SessionsParameter) -> Iterator[Session]:
    """Yield a session that only reads."""
    with snapshot(sessions) as session:
        yield session


def get_write_session(sessions: SessionsParameter) -> Iterator[Session]:
    """Yield a session whose transaction commits when the route returns, and rolls back when it raises."""
    with transaction(sessions) as session:
        yield session


ReadSession = Annotated[Session, Depends(get_session, scope="function")]
WriteSession = Annotated[Session, Depends(get_write_session, scope="function")]
