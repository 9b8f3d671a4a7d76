// Layers of the map, from the sea up. Colors come from app.css, so that both themes are one list.
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl';
import { color } from '../state/theme.svelte';
import type { BaseMap } from './base';

export const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
const FONT = ['system-ui, sans-serif'];

const NOBODY_COLOR = '#70757d';

/** Fill and outline of the accounts, by the colors of the reps: hollow where moved, dark around where locked. */
export function accountColors(colors: string[], isDark: boolean): [ExpressionSpecification, ExpressionSpecification] {
  const own: ExpressionSpecification = [
    'case',
    ['<', ['get', 'r'], 0],
    NOBODY_COLOR,
    ['to-color', ['at', ['max', 0, ['get', 'r']], ['literal', colors.length ? colors : [NOBODY_COLOR]]]],
  ];
  const outline = isDark ? '#101216' : '#ffffff';
  return [
    ['case', ['==', ['get', 'm'], 1], color('panel'), own],
    ['case', ['==', ['get', 'l'], 1], color('ink'), ['==', ['get', 'm'], 1], own, outline],
  ];
}

export function mapStyle(base: BaseMap, isDark: boolean): StyleSpecification {
  const halo = isDark ? 'rgba(16,18,22,0.85)' : 'rgba(255,255,255,0.9)';
  const ink = color('ink');
  const outline = isDark ? '#101216' : '#ffffff';
  return {
    version: 8,
    sources: {
      land: { type: 'geojson', data: base.land as GeoJSON.GeoJSON, tolerance: 1 },
      borders: { type: 'geojson', data: base.borders, tolerance: 1 },
      states: { type: 'geojson', data: base.states, tolerance: 1 },
      territories: { type: 'geojson', data: EMPTY, promoteId: 'rep_id', tolerance: 0.8 },
      chosen: { type: 'geojson', data: EMPTY, tolerance: 0.8 },
      accounts: { type: 'geojson', data: EMPTY, buffer: 8, maxzoom: 12 },
      selection: { type: 'geojson', data: EMPTY, buffer: 8 },
      arcs: { type: 'geojson', data: EMPTY },
      homes: { type: 'geojson', data: EMPTY },
      labels: { type: 'geojson', data: EMPTY },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': color('water') } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': color('land') } },
      {
        id: 'territory-fill',
        type: 'fill',
        source: 'territories',
        paint: {
          'fill-color': ['coalesce', ['feature-state', 'color'], ['get', 'color']],
          'fill-opacity': [
            'case',
            ['boolean', ['feature-state', 'dim'], false],
            0.12,
            ['boolean', ['feature-state', 'hover'], false],
            isDark ? 0.72 : 0.66,
            isDark ? 0.5 : 0.46,
          ],
        },
      },
      { id: 'states', type: 'line', source: 'states', paint: { 'line-color': color('border'), 'line-width': 0.6, 'line-opacity': 0.9 } },
      { id: 'borders', type: 'line', source: 'borders', paint: { 'line-color': color('line-strong'), 'line-width': 0.8 } },
      {
        id: 'territory-line',
        type: 'line',
        source: 'territories',
        paint: { 'line-color': outline, 'line-width': ['interpolate', ['linear'], ['zoom'], 3, 0.7, 6, 1], 'line-opacity': 0.9 },
      },
      {
        id: 'territory-selected',
        type: 'line',
        source: 'chosen',
        paint: { 'line-color': color('ink'), 'line-width': ['interpolate', ['linear'], ['zoom'], 3, 1.2, 7, 3] },
      },
      {
        id: 'arcs',
        type: 'line',
        source: 'arcs',
        layout: { 'line-cap': 'round' },
        paint: {
          'line-color': color('ink'),
          'line-opacity': 0.55,
          'line-width': ['interpolate', ['linear'], ['get', 'count'], 1, 0.8, 10, 2.5, 50, 6],
        },
      },
      {
        id: 'arc-heads',
        type: 'symbol',
        source: 'arcs',
        layout: {
          'symbol-placement': 'line-center',
          'text-field': '▸',
          'text-font': FONT,
          'text-size': 16,
          'text-keep-upright': false,
          'text-allow-overlap': true,
          'text-ignore-placement': true,
        },
        paint: { 'text-color': ink },
      },
      {
        id: 'accounts',
        type: 'circle',
        source: 'accounts',
        filter: ['<=', ['get', 'z'], ['zoom']],
        paint: {
          'circle-color': NOBODY_COLOR,
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 2, 1.4, 5, 2.4, 9, 4.5, 12, 7],
          'circle-stroke-color': outline,
          'circle-stroke-width': [
            'interpolate', ['linear'], ['zoom'],
            3, ['case', ['==', ['get', 'l'], 1], 1, ['==', ['get', 'm'], 1], 1, 0.2],
            9, ['case', ['==', ['get', 'l'], 1], 2, ['==', ['get', 'm'], 1], 2, 0.8],
          ],
        },
      },
      {
        id: 'selection',
        type: 'circle',
        source: 'selection',
        paint: {
          'circle-color': color('accent'),
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 2, 2.5, 9, 6, 12, 9],
          'circle-stroke-color': outline,
          'circle-stroke-width': 1.2,
        },
      },
      {
        id: 'homes',
        type: 'symbol',
        source: 'homes',
        layout: {
          'text-field': ['case', ['get', 'open'], '◇', '⌂'],
          'text-font': FONT,
          'text-size': ['interpolate', ['linear'], ['zoom'], 3, 12, 8, 20],
          'text-padding': 0,
          'text-ignore-placement': true,
        },
        paint: { 'text-color': ink, 'text-halo-color': halo, 'text-halo-width': 1.5 },
      },
      {
        id: 'labels',
        type: 'symbol',
        source: 'labels',
        layout: {
          'text-field': ['get', 'text'],
          'text-font': FONT,
          'text-size': ['interpolate', ['linear'], ['zoom'], 3, 10.5, 7, 13],
          'text-line-height': 1.2,
          'text-offset': [0, 0.9],
          'text-anchor': 'top',
          'symbol-sort-key': ['get', 'order'],
        },
        paint: { 'text-color': ink, 'text-halo-color': halo, 'text-halo-width': 1.6 },
      },
    ],
  };
}
