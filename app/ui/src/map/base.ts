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
    land: feature(world, world.objects.land as GeometryCollection),
    borders: mesh(world, countries, (a, b) => a !== b),
    states: mesh(us, states, (a, b) => a !== b),
  };
}
