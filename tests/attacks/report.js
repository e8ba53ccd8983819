// What a run comes to: one line per case that failed, a line per theme, and the sums.

/** The lines, and whether all is well. */
export function report({ results, innocent, overall, seconds, rooms }, { allowNextFailures = false } = {}) {
  const lines = [];
  const themes = new Map();
  let failed = 0;
  let passed = 0;
  let awaited = 0;
  for (const { test, faults } of results) {
    const theme = themes.get(test.theme) ?? { passed: 0, failed: 0, awaited: 0 };
    themes.set(test.theme, theme);
    const kind = faults.length === 0 ? "passed" : test.since === "next" && allowNextFailures ? "awaited" : "failed";
    theme[kind] += 1;
    if (kind === "passed") passed += 1;
    else lines.push(`${kind === "failed" ? "FAILED" : "next"} ${test.theme}/${test.name}: ${faults.join("; ")}`);
    if (kind === "failed") failed += 1;
    if (kind === "awaited") awaited += 1;
  }
  for (const fault of overall) lines.push(`FAILED afterwards: ${fault}`);
  for (const fault of innocent.faults) lines.push(`FAILED the innocent client: ${fault}`);
  for (const [theme, counts] of [...themes].sort()) lines.push(line(theme, counts));
  const { updates, slowestMs } = innocent;
  lines.push(`the innocent client got ${updates} updates, the slowest after ${slowestMs} ms`);
  lines.push(`${results.length} cases in ${seconds.toFixed(1)} s, ${rooms} rooms made, ${slowest(results)}`);
  const already = results.filter(({ test, faults }) => test.since === "next" && faults.length === 0).length;
  if (already > 0) lines.push(`${already} of what comes next are so already: their \`since\` can go`);
  failed += overall.length + innocent.faults.length;
  const next = awaited > 0 ? [`${awaited} of what comes next failed, which was allowed`] : [];
  lines.push(...next, `${passed} passed, ${failed} failed`);
  return { lines, ok: failed === 0, passed, failed };
}

function slowest(results) {
  const { test, ms = 0 } = results.reduce((one, other) => ((other.ms ?? 0) > (one.ms ?? 0) ? other : one));
  return `the slowest after ${(ms / 1000).toFixed(1)} s: ${test.theme}/${test.name}`;
}

function line(theme, { passed, failed, awaited }) {
  const rest = [failed && `${failed} failed`, awaited && `${awaited} of what comes next failed`].filter(Boolean);
  return [`${theme}: ${passed} passed`, ...rest].join(", ");
}
