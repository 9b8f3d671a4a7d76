"""Coroutines in tests, on an event loop of their own."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Value = TypeVar("Value")

PATIENCE_S = 300


def on_a_loop(work: Coroutine[object, object, Value]) -> Value:
    """Return what a coroutine returns; in a thread of its own, because a browser that is driven has this one's loop."""

    async def patiently() -> Value:
        return await asyncio.wait_for(work, PATIENCE_S)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, patiently()).result()
