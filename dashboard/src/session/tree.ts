/**
 * Cycles as a tree: each branch below the cycle that it was branched from, as rows from top to bottom.
 *
 * A parent that is not known, and parents in a circle, lose no cycle: such cycles stand at the top.
 */

import type { Row as TreeRow } from '../parts/Tree.svelte';
import type { Cycle } from './fold.ts';

export interface Row extends TreeRow {
  cycle: Cycle;
}

/** The rows that are shown when the cycles in `closed` hide their branches. `cycles` are in their order. */
export function rowsOf(cycles: readonly Cycle[], closed: ReadonlySet<string> = new Set()): readonly Row[] {
  const roots = rootsOf(cycles);
  const branches = branchesOf(cycles.filter((cycle) => !roots.has(cycle)));
  const rows: Row[] = [];
  const pending: Row[] = asRows([...roots], 1, null).reverse();
  for (let row = pending.pop(); row; row = pending.pop()) {
    const below = branches.get(row.cycle.id) ?? [];
    const open = below.length === 0 ? null : !closed.has(row.cycle.id);
    rows.push({ ...row, open });
    if (open) pending.push(...asRows(below, row.level + 1, row.cycle.id).reverse());
  }
  return rows;
}

/** By the cycle that they were branched from. */
function branchesOf(cycles: readonly Cycle[]): ReadonlyMap<string, readonly Cycle[]> {
  const branches = new Map<string, Cycle[]>();
  for (const cycle of cycles) {
    const below = branches.get(cycle.parentId ?? '') ?? [];
    branches.set(cycle.parentId ?? '', below);
    below.push(cycle);
  }
  return branches;
}

function asRows(cycles: readonly Cycle[], level: number, parentId: string | null): Row[] {
  return cycles.map((cycle, index) => ({ id: cycle.id, cycle, level, place: index + 1, siblings: cycles.length, open: null, parentId }));
}

/** Cycles without a known parent, and the first of each circle of parents. */
function rootsOf(cycles: readonly Cycle[]): ReadonlySet<Cycle> {
  const byId = new Map(cycles.map((cycle) => [cycle.id, cycle]));
  const roots = new Set<Cycle>();
  const settled = new Set<Cycle>();
  for (const cycle of cycles) {
    const way = new Set<Cycle>();
    let next: Cycle | undefined = cycle;
    while (next && !settled.has(next) && !way.has(next)) {
      way.add(next);
      const parent: Cycle | undefined = next.parentId === undefined ? undefined : byId.get(next.parentId);
      if (!parent) roots.add(next);
      next = parent;
    }
    if (next && way.has(next)) roots.add(next);
    for (const one of way) settled.add(one);
  }
  return roots;
}
