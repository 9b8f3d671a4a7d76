"""Visits of the planning UI in a browser: what loads when, what blocks the main thread, how actions feel.

The page marks when its points are drawn (`points-drawn`); everything else is what browsers measure by themselves:
paint timing, long tasks, layout shifts, resource sizes, and frames by `requestAnimationFrame`.
"""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

WINDOW: Final = {"width": 1400, "height": 900}
OBSERVE: Final = """
window.seen = { blocked: 0, shift: 0, largest: null };
const each = (list, take) => list.getEntries().forEach(take);
new PerformanceObserver(list => each(list, task => { seen.blocked += Math.max(0, task.duration - 50); }))
  .observe({ type: 'longtask', buffered: true });
new PerformanceObserver(list => each(list, move => { if (!move.hadRecentInput) seen.shift += move.value; }))
  .observe({ type: 'layout-shift', buffered: true });
new PerformanceObserver(list => { seen.largest = list.getEntries().at(-1).startTime; })
  .observe({ type: 'largest-contentful-paint', buffered: true });
window.startFrames = () => {
  const frames = []; let last = performance.now(); let isOn = true;
  const step = now => { frames.push(now - last); last = now; if (isOn) requestAnimationFrame(step); };
  requestAnimationFrame(step);
  return window.endFrames = () => { isOn = false; return frames; };
};
"""
LOADED: Final = """() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const points = performance.getEntriesByName('points-drawn')[0];
  const bodies = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'));
  return { first_paint_ms: paint ? paint.startTime : null, largest_paint_ms: seen.largest,
    points_ms: points ? points.startTime : null, blocked_ms: seen.blocked, shift: seen.shift,
    transferred_kb: bodies.reduce((sum, one) => sum + one.transferSize, 0) / 1000,
    memory_mb: performance.memory ? performance.memory.usedJSHeapSize / 1e6 : 0 };
}"""
NOW: Final = "() => performance.now()"

Row = dict[str, Any]


@dataclass(frozen=True)
class Visit:
    """Where a visit goes.

    Parameters
    ----------
    browser
        Playwright's browser.
    address
        The service.
    limit_s
        Longest wait for the map.
    """

    browser: Any
    address: str
    limit_s: float

    def open(self, query: Mapping[str, str]) -> tuple[Any, Any]:
        """Open an address in a fresh profile; return the page and the way to ask for processor time."""
        context = self.browser.new_context(viewport=WINDOW, locale="en-US", base_url=self.address)
        page = context.new_page()
        page.set_default_timeout(1000 * self.limit_s)
        page.add_init_script(OBSERVE)
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto("/?" + "&".join(f"{name}={value}" for name, value in query.items()))
        return page, session


def start_visit(visit: Visit) -> Row:
    """Open the first screen."""
    page, session = visit.open({})
    page.get_by_role("button", name="Take the example").wait_for()
    page.wait_for_timeout(1500)
    loading = page.evaluate(LOADED) | {"main_thread_s": processor_s(session)}
    page.context.close()
    return {"loading": loading}


def work_visit(visit: Visit, plan: Mapping[str, str]) -> Row:
    """Open a plan, then do what a planner does all day."""
    page, session = visit.open(plan)
    page.locator(".sentence").first.wait_for()
    numbers = page.evaluate(NOW)
    page.get_by_text("Drawing territories").wait_for(state="detached")
    territories = page.evaluate(NOW)
    wait_for_points(page, limit_s=visit.limit_s)
    page.wait_for_timeout(1500)
    loading = page.evaluate(LOADED) | {
        "numbers_ms": numbers,
        "territories_ms": territories,
        "main_thread_s": processor_s(session),
    }
    actions = {name: measured(page, session, act) for name, act in _actions().items()}
    page.context.close()
    return {"loading": loading, "actions": actions}


def wait_for_points(page: Any, *, limit_s: float) -> None:
    """Wait until the page says that its points are drawn; the page's policy forbids to wait by a text of code."""
    begin = page.evaluate(NOW)
    while not page.evaluate("() => performance.getEntriesByName('points-drawn').length > 0"):
        if page.evaluate(NOW) - begin > 1000 * limit_s:
            raise SystemExit(f"The points were not drawn within {limit_s:.0f} s.")
        page.wait_for_timeout(20)


def processor_s(session: Any) -> float:
    """Return the main thread's processor time so far."""
    told = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return float(told["TaskDuration"])


def measured(page: Any, session: Any, act: Callable[[Any], None]) -> Row:
    """Do something and tell how long it took, what it cost, and how even the frames came meanwhile."""
    before, begin = processor_s(session), page.evaluate(NOW)
    page.evaluate("() => void startFrames()")
    act(page)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    frames = [float(frame) for frame in page.evaluate("() => endFrames()")] or [0.0]
    return {
        "ms": page.evaluate(NOW) - begin,
        "main_thread_s": processor_s(session) - before,
        "frames": len(frames),
        "median_frame_ms": statistics.median(frames),
        "longest_frame_ms": max(frames),
    }


def _actions() -> dict[str, Callable[[Any], None]]:
    return {
        "pan": _pan,
        "zoom in and out": _zoom,
        "color by index": lambda page: page.get_by_role("button", name="Index", exact=True).click(),
        "rep by key in the bars": lambda page: page.get_by_role("slider").first.press("End"),
        "table of accounts": _open_accounts,
        "sort it by name": lambda page: page.locator("th button").first.click(),
        "search it": lambda page: page.get_by_role("searchbox").fill("a"),
    }


def _middle(page: Any) -> tuple[float, float]:
    box = page.locator("canvas.maplibregl-canvas").first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _pan(page: Any) -> None:
    x, y = _middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(x + 6 * step, y + 3 * step)
    page.mouse.up()


def _zoom(page: Any) -> None:
    page.mouse.move(*_middle(page))
    for step in range(30):
        page.mouse.wheel(0, -120 if step < 15 else 120)
        page.wait_for_timeout(16)


def _open_accounts(page: Any) -> None:
    page.get_by_role("tab", name="Accounts").click()
    page.locator("#drawer-table tbody button.row").first.wait_for()
