// The rest of the layout: a badge for every number. `data-shows` names the number for the checks.

export function Badges(stats) {
  return Object.entries(stats).map(([name, numbers]) => (
    <section key={name}>
      <h2>{name}</h2>
      {Object.entries(numbers ?? {}).map(([what, number]) => (
        <p key={what}>
          {what} <b data-shows={`${name}.${what}`}>{number}</b>
        </p>
      ))}
    </section>
  ));
}
