/**
 * Text as HTML: escaped, with the little of Markdown that the documents of the wire use. There are no pictures, no raw HTML and no
 * nested lists in them.
 */

const ESCAPED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escape = (text: string): string => text.replace(/[&<>"]/g, (one) => ESCAPED[one] ?? one);

/** A name that can stand in an address after `#`. */
export const anchor = (kind: string, name: string): string => `${kind}-${name.replace(/[^A-Za-z0-9._-]/g, '-')}`;

export const link = (kind: string, name: string, shown = escape(name)): string => `<a href="#${anchor(kind, name)}">${shown}</a>`;

export const code = (text: string): string => `<code>${escape(text)}</code>`;

/** One line: code, stress and links. Code is cut out first, as nothing in it means anything. */
export function line(text: string): string {
  return text.split('`').map((part, at) => (at % 2 === 1 ? code(part) : marked(escape(part)))).join('');
}

function marked(text: string): string {
  const linked = text.replace(/\[([^\]]+)\]\((https:[^)\s]+)\)/g, '<a href="$2">$1</a>');
  return linked.replace(/\*([^*]+)\*/g, '<em>$1</em>');
}

/** Paragraphs, lists and tables. */
export function prose(text: string | undefined): string {
  const blocks = (text ?? '').split(/\n{2,}/).filter((block) => block.trim() !== '');
  return blocks.map((block) => written(block.split('\n'))).join('\n');
}

function written(lines: string[]): string {
  if (lines.every((one) => one.startsWith('- '))) return `<ul class="points">${lines.map((one) => `<li>${line(one.slice(2))}</li>`).join('')}</ul>`;
  if (lines.every((one) => one.startsWith('|'))) {
    const [head = [], , ...rows] = lines.map((one) => one.slice(1, -1).split('|').map((cell) => cell.trim()));
    return table(head.map(line), rows.map((row) => row.map(line)));
  }
  return `<p>${line(lines.join(' '))}</p>`;
}

/** A table of HTML. On a narrow screen it scrolls by itself, also with the keyboard. */
export function table(head: string[], rows: string[][]): string {
  const header = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const body = rows.map(([first = '', ...others]) => {
    const cells = others.map((cell) => `<td>${cell}</td>`).join('');
    return `<tr><th scope="row">${first}</th>${cells}</tr>`;
  });
  return `<div class="wide" tabindex="0"><table class="table"><thead><tr>${header}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** What is shown when somebody asks for it. */
export const folded = (title: string, content: string): string => `<details><summary>${title}</summary>${content}</details>`;

/** A value as JSON. */
export const json = (value: unknown): string => `<pre tabindex="0"><code>${escape(JSON.stringify(value, null, 2))}</code></pre>`;
