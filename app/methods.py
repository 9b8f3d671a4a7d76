"""HEAD and OPTIONS for every path: what a GET would say without its body, and which methods there are."""

import anyio
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ImpliedMethods:
    """Wrap the app: HEAD is answered as GET without the body, OPTIONS with Allow, and Allow names both."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is not HTTP."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        asked = {**scope, "method": "GET"} if method == "HEAD" else scope
        ended = False

        async def send_implied(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(_with_implied(message, method))
                if method in ("HEAD", "OPTIONS"):
                    ended = True
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    if _is_stream(message):
                        work.cancel()  # it would go on for as long as there is something to tell
            elif not ended:
                await send(message)

        with anyio.CancelScope() as work:
            await self.app(asked, receive, send_implied)
        if "route" in asked:
            scope["route"] = asked["route"]  # metrics are counted by it


def _is_stream(message: Message) -> bool:
    kind: str = MutableHeaders(raw=list(message.get("headers", []))).get("content-type", "")
    return kind.startswith("text/event-stream")


def _with_implied(message: Message, method: str) -> Message:
    """Return the start of an answer with all methods in Allow; a refused OPTIONS is what it asks for."""
    headers = MutableHeaders(raw=list(message.get("headers", [])))
    status = message["status"]
    if status == 405 and "allow" in headers:
        listed = {name.strip() for name in headers["allow"].split(",")}
        headers["allow"] = ", ".join(sorted(listed | {"OPTIONS"} | ({"HEAD"} if "GET" in listed else set())))
    if method == "OPTIONS":
        if status == 405:
            status = 204
            del headers["content-type"]
        headers["content-length"] = "0"
        if status == 204:
            del headers["content-length"]
    return {**message, "status": status, "headers": headers.raw}
