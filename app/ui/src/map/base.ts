// The base map: land and borders from the shipped atlases (Natural Earth, US Census; ISC), loaded when a map opens.
import { feature, mesh } from 'topojson-client';
import type { Topology, GeometryCollection } from 'topojson-specification';

export interface BaseMap {
  land: GeoJSON.Feature | GeoJSON.FeatureCollection;
  borders: GeoJSON.MultiLineString;
  states: GeoJSON.MultiLineString;
}

let loading: Promise<BaseMap> | undefined;

export function baseMap(): Promise<BaseMap> {
  loading ??= load();
  return loading;
}

async function load(): Promise<BaseMap> {
  const [world, us] = await Promise.all([
    import('world-atlas/countries-50m.json').then((module) => module.default as unknown as Topology),
    import('us-atlas/states-10m.json').then((module) => module.default as unknown as Topology),
  ]);
  const countries = world.objects.countries as GeometryCollection;
  const states = us.objects.states as GeometryCollection;
  return {
    land: onThePlane(feature(world, world.objects.land as GeometryCollection)),
    borders: mesh(world, countries, (a, b) => a !== b),
    states: mesh(us, states, (a, b) => a !== b),
  };
}

/** The atlas is made for a globe: there, rings go on across the 180th meridian; on a plane each would cross all of it. */
function onThePlane(land: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const features = land.features.map((one) => {
    if (one.geometry.type !== 'MultiPolygon') return one;
    return { ...one, geometry: { ...one.geometry, coordinates: one.geometry.coordinates.map((polygon) => polygon.map(unrolled)) } };
  });
  return { ...land, features };
}

/** A ring without jumps from edge to edge, its middle between −180 and 180; one around a pole goes by way of the pole. */
function unrolled(ring: GeoJSON.Position[]): GeoJSON.Position[] {
  let shift = 0;
  const line = ring.map(([lon, lat], at) => {
    const step = at ? lon! - ring[at - 1]![0]! : 0;
    if (Math.abs(step) > 180) shift -= 360 * Math.sign(step);
    return [lon! + shift, lat!];
  });
  const [first, last] = [line[0]!, line.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) > 180) {
    const pole = 90 * Math.sign(first[1]!);
    line.push([last[0]!, pole], [first[0]!, pole], first);
  }
  let [west, east] = [Infinity, -Infinity];
  for (const [lon] of line) [west, east] = [Math.min(west, lon!), Math.max(east, lon!)];
  const turn = 360 * Math.round((west + east) / 720);
  return turn ? line.map(([lon, lat]) => [lon! - turn, lat!]) : line;
}
