import assert from 'node:assert/strict';
import test from 'node:test';
import type { Update, UpdateData, UpdateType } from 'roomcast/presets/admin';
import { apply, bySeverity, EMPTY, ended, FEED_KEPT, INGESTIONS_KEPT, running } from '../src/ingestion/fold.ts';
import { told } from '../src/ingestion/words.ts';
import { events, fed, stateOf } from './kept.ts';

const stream = fed<Update>('admin');
const file = events('admin');

let last = 0;
const update = <T extends UpdateType>(updateType: T, data: UpdateData[T], seconds = (last += 1)) => {
  const timestamp = new Date(Date.UTC(2026, 10, 24, 6, 0, seconds)).toISOString();
  return { type: 'dashboard.update', seq: (last += 1), updateType, timestamp, data } as unknown as Update;
};

test('fed to its end, the page shows what the example file says', () => {
  const view = stream.reduce(apply, EMPTY);
  const of = (type: string) => file.filter(({ event_type }) => event_type === type).map(({ aggregate_id: id, payload }) => ({ ...payload, id }) as Record<string, any>);
  const completed = of('ingestion.completed');
  assert.deepEqual(
    ended(view).map(({ id, fileName, status, files, nodes, durationMs, faults }) => ({ id, fileName, status, files, nodes, durationMs, faults })),
    completed.map((one) => ({
      id: one.id, fileName: one.file_name, status: one.status, files: one.files_processed, nodes: one.nodes_created, durationMs: one.duration_ms,
      faults: one.errors ?? [],
    })).reverse(),
  );
  assert.deepEqual(running(view).map(({ id }) => id), of('ingestion.started').map((one) => one.id).filter((id) => !completed.some((one) => one.id === id)));
  for (const { id, currentFile, files, total } of running(view)) {
    const steps = of('ingestion.progress').filter((one) => one.id === id);
    assert.deepEqual([currentFile, files, total], [steps.at(-1)!.current_file, steps.at(-1)!.files_processed, of('ingestion.started').find((one) => one.id === id)!.total_files]);
  }
  for (const type of new Set(of('query.completed').map((one) => one.query_type))) {
    const latencies = of('query.completed').filter((one) => one.query_type === type).map((one) => one.latency_ms);
    const { latencyMs, seen, latencies: seenOnes } = view.queries.get(type)!;
    assert.deepEqual([latencyMs, seen, seenOnes], [latencies.at(-1), latencies.length, latencies]);
  }
  assert.deepEqual([...view.errors.keys()].sort(), [...new Set(of('system.error').map((one) => one.error_type))].sort());
  assert.equal(view.stats?.ingestionsTotal, of('ingestion.started').length);
  assert.equal(view.stats?.ingestionsRunning, running(view).length);
  assert.equal(view.stats?.ingestionsFailed, completed.filter(({ status }) => status === 'failed').length);
});

test('at each point, the state shows the same as the stream, as far as the state has it', () => {
  for (let end = 0; end <= stream.length; end += 1) {
    const whole = stream.slice(0, end);
    const [lived, late] = [whole.reduce(apply, EMPTY), stateOf('admin', whole).reduce(apply, EMPTY)];
    const facts = ({ ingestions, queries, errors, stats }: typeof lived) => ({
      stats,
      ingestions: [...ingestions.values()].map(({ id, fileName, files, nodes, status, currentFile, faults, endedAt }) => ({ id, fileName, files, nodes, status, currentFile, faults, endedAt })),
      queries: [...queries.values()].map(({ type, at, latencyMs }) => ({ type, at, latencyMs })),
      errors: bySeverity(errors).map(({ type, at, severity, component }) => ({ type, at, severity, component })),
    });
    assert.deepEqual(facts(late), facts(lived), `after ${end} updates`);
  }
});

test('the worst errors come first', () => {
  const severities = bySeverity(stream.reduce(apply, EMPTY).errors).map(({ severity }) => severity);
  assert.deepEqual(severities, [...severities].sort((one, other) => ['critical', 'error', 'warning'].indexOf(one) - ['critical', 'error', 'warning'].indexOf(other)));
  assert.equal(severities[0], 'critical');
});

test('a step that is heard of after the end does not begin an ingestion again', () => {
  const end = update('ingestion_complete', { ingestionId: 'i', fileName: 'a.zip', status: 'success', filesProcessed: 2, nodesCreated: 5 }, 50);
  const step = (seconds: number) => update('ingestion_progress', { ingestionId: 'i', currentFile: 'a.sql', status: 'parsing', filesProcessed: 1 }, seconds);
  assert.equal(running([end, step(40)].reduce(apply, EMPTY)).length, 0);
  assert.equal(running([end, step(60)].reduce(apply, EMPTY)).length, 1);
});

test('what the page keeps is bounded', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => update('ingestion_complete', { ingestionId: `i-${index}`, fileName: 'a.zip', status: 'success', filesProcessed: 1, nodesCreated: 1 }));
  const view = many.reduce(apply, EMPTY);
  assert.equal(ended(view).length, INGESTIONS_KEPT);
  assert.equal(ended(view)[0]?.id, 'i-999');
  assert.equal(view.feed.length, FEED_KEPT);
});

test('what happened is said in words', () => {
  const done = update('ingestion_complete', { ingestionId: 'i', fileName: 'a.zip', status: 'partial', filesProcessed: 1, nodesCreated: 2061, durationMs: 63_871 });
  assert.equal(told(done)?.text, 'done in part: 1 file, 2,061 nodes in 1 min 4 s');
  assert.equal(told(update('ingestion_started', { ingestionId: 'i', source: 'github', totalFiles: 186 }))?.text, 'began: 186 files from GitHub');
  assert.equal(told(update('error', { errorType: 'WriteConflict', severity: 'error', component: 'graph-writer' }))?.text, 'error in graph-writer');
});

test('an update that the page does not know changes nothing', () => {
  assert.deepEqual(apply(EMPTY, update('ingestion_paused' as UpdateType, {} as never)), EMPTY);
});
