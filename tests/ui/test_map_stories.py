"""The map of a plan: legend, colors of neighbors, arrows of moves, two maps that move together; in a real browser."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from playwright.sync_api import FloatRect, Locator, Page, expect
from shapely.geometry import shape

from geo_data.adjacency import adjacent_pairs
from tests.stories.conftest import Service
from tests.ui.test_stories import MAP_LIMIT_MS, expect_drawn, open_plan

WITHOUT_WEBGL = (
    "const get = HTMLCanvasElement.prototype.getContext;"
    "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
    "return /webgl/.test(kind) ? null : get.call(this, kind, ...rest); };"
)

AT_ONE_PLACE = "new Set([...document.querySelectorAll('.maps [data-at]')].map(map => map.dataset.at)).size === 1"


def territories(service: Service, solved: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the features that the page draws."""
    with service.client() as http:
        return list(
            http.get(f"/v1/alignments/{solved['alignment_id']}/territories").raise_for_status().json()["features"]
        )


def pairs_of_one_color(features: Sequence[dict[str, Any]], colors: Sequence[str]) -> list[tuple[str, str]]:
    """Return the neighbors that nobody could tell apart."""
    polygons = np.array([shape(one["geometry"]) for one in features], dtype=np.object_)
    pairs = adjacent_pairs(polygons, kind="queen").tolist()
    assert pairs, "no territory touches another"
    ids = [one["properties"]["rep_id"] for one in features]
    return [(ids[one], ids[other]) for one, other in pairs if colors[one] == colors[other]]


def moves(service: Service, solved: dict[str, Any]) -> set[tuple[str, str]]:
    """Return who gives accounts to whom."""
    with service.client() as http:
        address = f"/v1/alignments/{solved['alignment_id']}/assignments?page_size=1000"
        rows = http.get(address).raise_for_status().json()["items"]
    found = {(row["current_rep_id"], row["rep_id"]) for row in rows if row["moved"]}
    assert len(found) > 1, "the plan moves accounts between several reps"
    return found


def below_the_switches(page: Page) -> FloatRect:
    """Return the part of the map where nothing but the map changes."""
    box = page.locator("canvas.maplibregl-canvas").first.bounding_box()
    assert box
    return {"x": box["x"] + 8, "y": box["y"] + 120, "width": box["width"] - 64, "height": box["height"] / 2}


def at_rest(page: Page, clip: FloatRect) -> bytes:
    """Return the picture of a part of the page once two in a row are the same."""
    before = page.screenshot(clip=clip)
    for _ in range(60):
        page.wait_for_timeout(250)
        after = page.screenshot(clip=clip)
        if after == before:
            return after
        before = after
    raise AssertionError("the map does not come to rest")


def expect_another_picture(page: Page, clip: FloatRect, before: bytes) -> None:
    """Wait until a part of the page looks different."""
    for _ in range(240):
        if page.screenshot(clip=clip) != before:
            return
        page.wait_for_timeout(250)
    raise AssertionError("the map looks as before")


def test_the_legend_says_what_colors_and_points_mean(page: Page, solved: dict[str, Any]) -> None:
    """Moved accounts have their mark; the fill by index has its ends, the fill by change its own."""
    open_plan(page, solved)
    legend = page.get_by_role("complementary", name="Legend")
    expect(legend).to_have_text(re.compile(r"● stays\s*○ moves"))
    fills = page.get_by_role("group", name="Color of territories")
    fills.get_by_role("button", name="Index").click()
    expect(legend).to_have_text(re.compile(r"Index of Workload.*≤ 85.*100.*≥ 115", re.DOTALL))
    fills.get_by_role("button", name="Change").click()
    expect(legend).to_have_text(re.compile(r"Accounts that change rep.*0%.*≥ 50%", re.DOTALL))
    fills.get_by_role("button", name="Rep", exact=True).click()
    page.get_by_role("group", name="Show").get_by_role("button", name="Accounts").click()
    expect(legend).to_have_count(0)


def test_neighbors_have_different_colors(page: Page, solved: dict[str, Any]) -> None:
    """In what the page asks for to draw its map, no two territories that touch have the same color."""
    with page.expect_response(re.compile(rf"/v1/alignments/{solved['alignment_id']}/territories")) as asked:
        open_plan(page, solved)
    features = asked.value.json()["features"]
    assert pairs_of_one_color(features, [one["properties"]["color"] for one in features]) == []


def test_moves_are_arrows_from_home_to_home(page: Page, service: Service, solved: dict[str, Any]) -> None:
    """The switch draws an arrow for each pair of reps that accounts go between, a chosen rep's only, or none."""
    wanted = moves(service, solved)
    open_plan(page, solved)
    shown = page.get_by_role("region", name=re.compile("^Map of"))
    switch = page.get_by_role("button", name="Moves", exact=True)
    expect(shown).to_have_attribute("data-arcs", "0")
    expect_drawn(page)
    clip = below_the_switches(page)
    without = at_rest(page, clip)
    switch.click()
    expect(shown).to_have_attribute("data-arcs", str(len(wanted)))
    expect_another_picture(page, clip, without)
    rep = next(iter(sorted(wanted)))[1]
    open_plan(page, solved, arcs="1", rep=rep)
    expect(shown).to_have_attribute("data-arcs", str(sum(rep in pair for pair in wanted)), timeout=MAP_LIMIT_MS)
    switch.click()
    expect(shown).to_have_attribute("data-arcs", "0")


def test_the_plain_map_has_colors_and_arrows_too(page: Page, service: Service, solved: dict[str, Any]) -> None:
    """Without WebGL the drawing has a fill that differs from the neighbors', arrow heads and the legend."""
    page.add_init_script(WITHOUT_WEBGL)
    open_plan(page, solved)
    drawing = page.locator("figure svg")
    expect(drawing.locator("path[data-rep]")).to_have_count(8, timeout=MAP_LIMIT_MS)
    features = territories(service, solved)
    fills: dict[str, str] = drawing.locator("path[data-rep]").evaluate_all(
        "paths => Object.fromEntries(paths.map(path => [path.dataset.rep, getComputedStyle(path).fill]))"
    )
    assert pairs_of_one_color(features, [fills[one["properties"]["rep_id"]] for one in features]) == []
    expect(page.get_by_role("complementary", name="Legend")).to_contain_text("○ moves")
    arrows = drawing.locator("path.arc[marker-end]")
    expect(arrows).to_have_count(0)
    page.get_by_role("button", name="Moves", exact=True).click()
    expect(arrows).to_have_count(len(moves(service, solved)))


def place(shown: Locator) -> str:
    """Return the zoom, latitude and longitude that a map shows."""
    return shown.get_attribute("data-at") or ""


def carry(page: Page, shown: Locator) -> None:
    """Pan a map by a fifth of its width."""
    box = shown.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - box["width"] / 5, y + box["height"] / 10, steps=5)
    page.mouse.up()


def test_two_maps_move_together(page: Page, solved: dict[str, Any]) -> None:
    """Whichever of two compared maps is panned or zoomed, the other shows the same place, and its picture changes."""
    open_plan(page, solved)
    page.get_by_role("button", name="Compare with Today").click()
    maps = page.locator(".maps [data-at]")
    expect(maps).to_have_count(2, timeout=MAP_LIMIT_MS)
    first, second = maps.nth(0), maps.nth(1)
    for led, following in ((first, second), (second, first)):
        before = place(following)
        box = following.bounding_box()
        assert box
        picture = at_rest(page, box)
        carry(page, led)
        expect(following).not_to_have_attribute("data-at", before)
        expect_another_picture(page, box, picture)
        page.wait_for_function(AT_ONE_PLACE)
        assert place(following) != before
    zoom = float(place(first).split("/")[0])
    page.get_by_role("button", name="Zoom in").nth(1).click()
    expect(first).to_have_attribute("data-at", re.compile(rf"^{zoom + 1:.2f}/"))
    expect(second).to_have_attribute("data-at", re.compile(rf"^{zoom + 1:.2f}/"))


def test_the_sea_is_sea_from_afar(page: Page, solved: dict[str, Any]) -> None:
    """Countries that reach across the 180th meridian flood no ocean: seen from afar, the Atlantic is no land."""
    looks = {}
    for name, at in (("north", "1/52/-37"), ("strip", "1/71.5/-10"), ("south", "1/-40/-25"), ("land", "1/60/100")):
        open_plan(page, solved, at=at)
        expect_drawn(page)
        box = page.get_by_role("region", name=re.compile("^Map of")).bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        looks[name] = page.screenshot(clip={"x": x, "y": y, "width": 2, "height": 2})
    assert looks["north"] == looks["strip"] == looks["south"] != looks["land"]
