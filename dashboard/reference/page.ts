/** The frame of a page: its head, and a list of what is on it. It has no script, so it works wherever it is kept. */

import type { Info } from './documents.ts';
import { escape, prose } from './html.ts';

export interface Place {
  /** The heading of a group of links. */
  title: string;
  /** Links, as HTML. */
  links: string[];
}

/** A page. `json` is the address of the document that it shows, and `other` that of the other page. */
export function page(info: Info, json: string, other: { address: string; title: string }, places: Place[], content: string): string {
  const group = ({ title, links }: Place): string =>
    `<h2>${escape(title)}</h2><ul>${links.map((one) => `<li>${one}</li>`).join('')}</ul>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escape(info.title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="dashboard/reference.css">
</head>
<body class="reference">
<a class="skip" href="#content">Skip to the content</a>
<nav aria-label="On this page"><p><a href="./">Roomcast</a> ${escape(info.version)}</p>
<p><a href="${json}">The document</a> · <a href="${other.address}">${escape(other.title)}</a></p>
${places.map(group).join('\n')}
</nav>
<main id="content">
<header class="headline"><h1>${escape(info.title)}</h1>${prose(info.description)}</header>
${content}
</main>
</body>
</html>
`;
}
