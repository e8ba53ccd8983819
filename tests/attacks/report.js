// The report of a run: one line per case that failed, a line per theme, and the sums.

/** The lines, and whether everything passed. */
export function report({ results, innocent, overall, seconds, rooms }) {
  const lines = [];
  const themes = new Map();
  let failed = 0;
  let passed = 0;
  for (const { test, faults } of results) {
    const theme = themes.get(test.theme) ?? { passed: 0, failed: 0 };
    themes.set(test.theme, theme);
    const well = faults.length === 0;
    theme[well ? "passed" : "failed"] += 1;
    if (well) passed += 1;
    else failed += 1;
    if (!well) lines.push(`FAILED ${test.theme}/${test.name}: ${faults.join("; ")}`);
  }
  for (const fault of overall) lines.push(`FAILED afterwards: ${fault}`);
  for (const fault of innocent.faults) lines.push(`FAILED the innocent client: ${fault}`);
  for (const [theme, counts] of [...themes].sort()) lines.push(line(theme, counts));
  const { updates, slowestMs } = innocent;
  lines.push(`the innocent client got ${updates} updates, the slowest after ${slowestMs} ms`);
  lines.push(`${results.length} cases in ${seconds.toFixed(1)} s, ${rooms} rooms made, ${slowest(results)}`);
  failed += overall.length + innocent.faults.length;
  lines.push(`${passed} passed, ${failed} failed`);
  return { lines, ok: failed === 0, passed, failed };
}

function slowest(results) {
  const { test, ms = 0 } = results.reduce((one, other) => ((other.ms ?? 0) > (one.ms ?? 0) ? other : one));
  return `the slowest after ${(ms / 1000).toFixed(1)} s: ${test.theme}/${test.name}`;
}

function line(theme, { passed, failed }) {
  return failed > 0 ? `${theme}: ${passed} passed, ${failed} failed` : `${theme}: ${passed} passed`;
}
