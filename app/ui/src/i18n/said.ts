// What the API says in English sentences, said in the reader's language from its codes and numbers. A catalog for each
// language but English (`sentences/`); where a catalog has no sentence, the API's own stands, marked as English.
import type { Alternative, Conflict, CurvePoint, Explanation, Fault, Move, Problem, Relaxation, RepLine, Violation } from '../api/client';
import { amount, measureInline, measureName } from '../state/measures';
import { filled, gapText, language, number, percent, sentence, signed } from './language.svelte';

type Params = Record<string, string | number>;
type Change = Relaxation['changes'][number];
/** How a rep's or account's id is called. */
type Called = (id: string | null | undefined) => string;

export interface Said {
  text: string;
  fix: string;
  /** The API's own English sentence, where ours says less than it does. */
  original: string;
}

const MOST_NAMED = 3;

/** A sentence of the catalog; empty where it has none, or a parameter is missing. */
function say(key: string, params: Params): string {
  const text = sentence(key);
  if (!text) return '';
  const wanted = Array.from(text.matchAll(/\{(\w+)/g), (match) => match[1]!);
  return wanted.every((name) => params[name] !== undefined) ? filled(text, params) : '';
}

function first(keys: string[], params: Params): string {
  for (const key of keys) {
    const text = say(key, params);
    if (text) return text;
  }
  return '';
}

/** A fault of what was sent, a warning of the import check, a refused export. */
export function saidFault(fault: Fault): Said {
  const params = faultParams(fault);
  const exact = first([`fault.${fault.code}#1`, `fault.${fault.code}#2`], params);
  const text = exact || say(`fault.${fault.code}`, params);
  const fix = say(`fix.${fault.code}`, params);
  if (!text) return { text: fault.detail, fix: fault.fix ?? '', original: '' };
  return { text, fix: fix || (fault.fix ?? ''), original: exact ? '' : fault.detail };
}

/** What a request was refused for: its one fault, or the code of all. */
export function saidProblem(problem: Problem): Said {
  const [only] = problem.faults;
  if (only && problem.faults.length === 1) return saidFault({ ...only, fix: only.fix || problem.fix });
  return saidFault({ code: problem.code, detail: problem.message, fix: problem.fix, params: problem.params });
}

function faultParams(fault: Fault): Params {
  const params: Params = {};
  const measure = String(fault.params?.measure ?? '');
  for (const [name, value] of Object.entries(fault.params ?? {})) {
    if (Array.isArray(value)) params[name] = value.map(String).join(', ');
    else if (typeof value === 'number' && ['demand', 'capacity', 'short', 'min', 'max'].includes(name)) params[name] = measure ? amount(value, measure) : number(value, 4);
    else if (typeof value === 'number') params[name] = Number.isInteger(value) ? value : number(value, 4);
    else if (typeof value === 'string') params[name] = value;
  }
  if (measure) params.measure = measureName(measure);
  if (fault.column) params.column = fault.column;
  if (fault.value !== undefined && fault.value !== null) params.value = typeof fault.value === 'number' ? number(fault.value, 6) : String(fault.value);
  if (typeof params.first === 'string') {
    const row = /^row (\d+)$/.exec(params.first);
    params.first = row ? say('row', { row: row[1]! }) || params.first : params.first;
  }
  return params;
}

/** Wishes that cannot be met together. */
export function saidConflict(conflict: Conflict, rep: Called): Said {
  const { measure, arithmetic, cause } = conflict;
  const params: Params = {
    measure: measureName(measure ?? 'accounts'),
    accounts: listed(conflict.accounts.map(String), conflict.num_accounts),
    reps: listed(conflict.reps.map(rep), conflict.num_reps),
    n: conflict.num_accounts,
    m: conflict.num_reps,
    ...amountsOf({ demand: arithmetic.demand, capacity: arithmetic.capacity, short: arithmetic.short }, measure),
  };
  if (cause) {
    Object.assign(params, amountsOf({ amount: cause.amount, limit: cause.limit }, cause.measure));
    if (cause.measure) params.cause_measure = measureName(cause.measure);
    if (cause.count !== null) Object.assign(params, { count: cause.count, count_more: cause.count + 1, upper: amount(arithmetic.capacity, cause.measure ?? '') });
    params.budget = say(`budget.${cause.scope ?? 'total'}`, params);
  }
  const rest = conflict.accounts.length ? 'some' : 'all';
  const text = first([cause ? `conflict.${conflict.code}.${cause.kind}` : '', cause ? `conflict.${cause.kind}` : '', `conflict.${conflict.code}.${rest}`, `conflict.${conflict.code}`], params);
  if (!text) return { text: conflict.sentence, fix: conflict.fix, original: '' };
  const fix = first([cause ? `remedy.${cause.kind}` : '', `remedy.${conflict.code}`], params);
  return { text, fix: fix || conflict.fix, original: '' };
}

/** A relaxation: each change a sentence of its own, many of a kind added up. */
export function saidRelaxation(relaxation: Relaxation, rep: Called): string {
  if (language() === 'en') return relaxation.sentence;
  const groups = new Map<string, Change[]>();
  for (const change of relaxation.changes) {
    const key = `${change.kind} ${change.measure ?? ''} ${change.kind === 'add_rep' ? change.rep_id : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  const told = [...groups.values()].flatMap((group) => (group.length > MOST_NAMED ? [saidTogether(group, rep)] : group.map((change) => saidChange(change, rep))));
  return told.every(Boolean) ? told.join(' ') : relaxation.sentence;
}

function saidChange(change: Change, rep: Called): string {
  const { kind, measure, before, after, scope } = change;
  const isShare = kind === 'tolerance';
  const write = (value: number | null) => (isShare ? percent(value, 2) : amount(value, measure ?? ''));
  const params: Params = { rep: rep(change.rep_id), account: change.account_id ?? '', measure: measureName(measure ?? 'accounts'), n: Math.round(after ?? 1) };
  if (before !== null) params.before = write(before);
  if (after !== null) params.after = write(after);
  const keys = [`change.${kind}`];
  if (scope === 'in' || scope === 'out') keys.unshift(`change.${kind}.${scope}`);
  if (after === null) keys.unshift(`change.${kind}.off`);
  if (change.account_id) keys.unshift(`change.${kind}.account`);
  return first(keys, params);
}

function saidTogether(group: Change[], rep: Called): string {
  const { kind, measure } = group[0]!;
  const by = group.reduce((sum, change) => sum + Math.abs((change.after ?? 0) - (change.before ?? 0)), 0);
  const reps = [...new Set(group.map((change) => change.rep_id).filter((id) => id !== null))].map(rep);
  const accounts = group.map((change) => change.account_id).filter((id) => id !== null);
  const params = { n: group.length, m: reps.length, reps: listed(reps, reps.length), accounts: listed(accounts, accounts.length), measure: measureName(measure ?? 'accounts'), by: amount(by, measure ?? '') };
  return say(`changes.${kind}`, params) || group.map((change) => saidChange(change, rep)).join(' ');
}

/** One broken criterion. */
export function saidViolation(violation: Violation, rep: Called): string {
  const { criterion, measure, value, limit } = violation;
  const isCount = !measure && criterion !== 'max_distance_km';
  const write = (one: number | null | undefined) => (criterion === 'max_distance_km' ? number(one, 1) : amount(one, measure ?? 'accounts'));
  const params: Params = { rep: rep(violation.rep_id), measure: measureName(measure ?? 'accounts'), n: value ?? 0, value: write(value), limit: write(limit), by: write(violation.by) };
  if (isCount && value === null) return violation.detail ?? criterion;
  const side = (value ?? 0) > (limit ?? 0) ? 'over' : 'under';
  const family = criterion.startsWith('max_') && criterion !== 'max_distance_km' ? 'budget' : criterion;
  const scope = violation.rep_id ? 'rep' : 'all';
  return first([`violation.${family}.${side}`, `violation.${family}.${scope}`, `violation.${family}`], params) || (violation.detail ?? criterion);
}

/** Why an account moves. */
export function saidMove(move: Move, lines: Map<string, RepLine>, measure: string): string {
  const [from, to] = [move.from_name ?? move.from, move.to_name ?? move.to ?? ''];
  const [before, after] = [move.travel_km_before, move.travel_km_after];
  const index = (id: string | null) => lines.get(id ?? '')?.measures[measure]?.before?.index;
  const params: Params = { from, to, measure: measureInline(measure) };
  if (typeof before === 'number') params.before = number(before, 1);
  if (typeof after === 'number') params.after = number(after, 1);
  const saved = (before ?? NaN) - (after ?? NaN);
  if (saved >= 1) params.saved = number(saved, 1);
  const [over, under] = [index(move.from), index(move.to)];
  if (typeof over === 'number' && over > 100) params.over = number(over);
  if (typeof under === 'number' && under < 100) params.under = number(under);
  const giver = lines.get(move.from);
  if (giver) Object.assign(params, { gives: giver.moved_out, takes: giver.moved_in });
  const code = `reason.${move.reason_code}`;
  const told = first([`${code}#1`, `${code}#2`, code], params);
  if (!told) return named(move.reason, [move.from, move.to], (id) => (id === move.from ? move.from_name : move.to_name) ?? id ?? '');
  const nearer = ['OVER', 'UNDER'].includes(move.reason_code) ? say('reason.and_nearer', params) : '';
  return [told, nearer].filter(Boolean).join(' ');
}

/** Why a rep may not have an account. */
export function saidHindrance(other: Alternative, rep: Called): string {
  const { rep_id: holder, skills, limit_km: limit, distance_km: distance } = other.why_not_params as Record<string, unknown>;
  const params: Params = { rep: rep(typeof holder === 'string' ? holder : other.rep_id) };
  if (Array.isArray(skills)) params.skills = skills.join(', ');
  if (typeof limit === 'number') params.limit = number(limit, 1);
  if (typeof distance === 'number') params.distance = number(distance, 1);
  return say(`hindrance.${other.why_not_code}`, params) || (other.why_not ?? '');
}

/** Why an account is where it is: its rep, the next best one, and what stands against that one. */
export function saidWhy(why: Explanation, isLocked: boolean, objective: number, rep: Called): string {
  if (language() === 'en') return named(why.sentence, [why.rep_id, ...why.alternatives.map((other) => other.rep_id)], rep);
  const own = rep(why.rep_id);
  const told: string[] = [];
  const allowed = why.alternatives.filter((other) => other.eligible && other.level === 'direct');
  const travel = (other: Alternative) => other.terms.find((term) => term.name === 'travel')?.raw ?? 0;
  const nearest = allowed.reduce<Alternative | null>((best, other) => (travel(other) < Math.min(0, best ? travel(best) : 0) ? other : best), null);
  const next = nearest ?? allowed[0];
  if (isLocked) told.push(say('why.locked', { rep: own }));
  else if (!next) told.push(say(why.rep_id ? 'why.only' : 'why.nobody', { rep: own }));
  else {
    const params: Params = { own, rep: rep(next.rep_id), km: number(-travel(next), 0) };
    told.push(say(nearest ? 'why.nearer' : why.rep_id ? 'why.next' : 'why.unassigned', params), against(next, objective, rep));
  }
  if (why.family.length > 1) told.push(say(`why.${why.together_by ?? 'family'}`, { n: why.family.length }));
  return told.every(Boolean) ? told.join(' ') : why.sentence;
}

/** What stands against giving an account to a rep: the first criterion broken, or the price and what it is mostly for. */
function against(other: Alternative, objective: number, rep: Called): string {
  const [broken] = other.violations;
  if (broken) {
    const load = other.loads.find((line) => line.rep_id === other.rep_id)?.measures[broken.measure ?? ''];
    const isRoom = broken.rep_id === other.rep_id && ['capacity', 'balance'].includes(broken.criterion) && (broken.value ?? 0) > (broken.limit ?? 0);
    if (isRoom && load && broken.measure) {
      const needed = load.after - load.before;
      const room = Math.max(0, needed - ((broken.value ?? 0) - (broken.limit ?? 0)));
      return say('against.room', { rep: rep(other.rep_id), room: amount(room, broken.measure), needed: amount(needed, broken.measure) });
    }
    return say('against.broken', { what: saidViolation(broken, rep) });
  }
  const share = objective ? gapText(Math.abs(other.price / objective)) : signed(other.price, 4);
  if (other.price < 0) return say('against.better', { share });
  const [worst] = [...other.terms].sort((a, b) => b.weighted - a.weighted);
  if (!worst || other.price === 0) return say('against.same', {});
  const [kind, measure] = worst.name.split(':');
  return say('against.price', { share, what: say(`term.${kind}`, { measure: measureName(measure ?? '') }) });
}

/** A sentence of the API in which reps are called by their names, where it calls them by their ids. */
function named(text: string, ids: (string | null | undefined)[], rep: Called): string {
  const known = [...new Set(ids)].filter((id): id is string => Boolean(id)).sort((a, b) => b.length - a.length);
  if (!known.length) return text;
  const any = known.map((id) => id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${any})(?![\\p{L}\\p{N}_-])`, 'gu'), (id) => rep(id));
}

/** What the API calls a point of a curve. */
export function saidPoint(point: CurvePoint): string {
  return saidLabel(point.label);
}

/** The label of a point, as it stands in the names of alignments, too. */
export function saidLabel(label: string): string {
  if (language() === 'en') return label;
  const mixed = /^balance (\d+)%, travel (\d+)%, at most ([\d.]+)% moved$/.exec(label);
  if (mixed) {
    const [balance, travel, moved] = mixed.slice(1).map((text) => percent(Number(text) / 100)) as [string, string, string];
    return say('point.mixed', { balance, travel, moved }) || label;
  }
  const between = /^between at most ([\d.]+)% and ([\d.]+)% moved$/.exec(label);
  if (between) {
    const [low, high] = between.slice(1).map((text) => percent(Number(text) / 100)) as [string, string];
    return say('point.between', { low, high }) || label;
  }
  const share = /^([\d.]+) ?%$/.exec(label);
  if (share) return percent(Number(share[1]) / 100);
  const moves = /^([\d,]+) moves$/.exec(label);
  if (moves) return say('point.moves', { n: Number(moves[1]!.replaceAll(',', '')) }) || label;
  const team = /^([\d,]+) reps?$/.exec(label);
  if (team) return say('point.reps', { n: Number(team[1]!.replaceAll(',', '')) }) || label;
  return say(`point.${label.replaceAll(' ', '_')}`, {}) || label;
}

function amountsOf(values: Record<string, number | null | undefined>, measure: string | null | undefined): Params {
  const known = Object.entries(values).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(known.map(([name, value]) => [name, amount(value, measure ?? '')]));
}

/** The first names of a list, and how many more there are. */
function listed(names: string[], total: number): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  const rest = total - Math.min(names.length, MOST_NAMED);
  return rest > 0 ? say('list.more', { names: shown, n: rest }) || shown : shown;
}
