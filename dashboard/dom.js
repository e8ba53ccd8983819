// @ts-check
/**
 * What the view needs from the DOM: find a part, set a text, and keep a list in step with its items.
 *
 * It deliberately never parses markup out of data: texts go in as text, structure comes from the templates in
 * index.html. Nodes are kept and changed in place, so that focus and selections survive an update.
 */

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T} the element of that id, which index.html must have
 */
export function byId(id) {
  return /** @type {T} */ (required(document.getElementById(id), `#${id}`));
}

/**
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} node
 * @param {string} selector
 * @returns {T} the first such part, which the template must have
 */
export function part(node, selector) {
  return /** @type {T} */ (required(node.querySelector(selector), selector));
}

/**
 * @template T
 * @param {T | null} found
 * @param {string} what
 * @returns {T}
 */
function required(found, what) {
  if (!found) throw new Error(`index.html has no ${what}`);
  return found;
}

/**
 * Writes only what differs: an unchanged text keeps its selection and is not announced again.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Sets a text and hides the element while there is none.
 * @param {HTMLElement} node
 * @param {string | undefined} text
 */
export function setOptional(node, text) {
  setText(node, text ?? '');
  node.hidden = !text;
}

/**
 * @param {HTMLTimeElement} node
 * @param {string | undefined} timestamp
 * @param {(timestamp: string) => string} short
 */
export function setTime(node, timestamp, short) {
  setOptional(node, timestamp && short(timestamp));
  if (timestamp) node.dateTime = timestamp;
  node.title = timestamp ?? '';
}

/**
 * Gives `parent` one child per item, in order. A known key keeps its node, a new key gets a copy of the template,
 * and all other nodes are removed.
 * @template T
 * @param {Element} parent
 * @param {string} template
 * @param {T[]} items
 * @param {(item: T) => string} key unique among the items
 * @param {(node: HTMLElement, item: T) => void} fill
 */
export function keepList(parent, template, items, key, fill) {
  const known = new Map([...parent.children].map((node) => [node.getAttribute('data-key'), node]));
  const nodes = items.map((item) => {
    const node = /** @type {HTMLElement} */ (known.get(key(item)) ?? copyOf(template, key(item)));
    fill(node, item);
    return node;
  });
  place(parent, nodes);
}

/**
 * @param {string} template
 * @param {string} key
 * @returns {HTMLElement}
 */
function copyOf(template, key) {
  /** @type {HTMLTemplateElement} */
  const source = byId(template);
  const node = /** @type {HTMLElement} */ (part(source.content, '*').cloneNode(true));
  node.dataset.key = key;
  return node;
}

/**
 * Moves only nodes that are out of place, because taking a focused node out of the document would drop the focus.
 * @param {Element} parent
 * @param {HTMLElement[]} nodes
 */
function place(parent, nodes) {
  const wanted = new Set(/** @type {Element[]} */ (nodes));
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}
