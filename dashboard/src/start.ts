/** Puts a page's root component into the document. Every page begins with this. */

import { mount } from 'svelte';
import type { Component } from 'svelte';
import './style.css';

export function start(root: Component): void {
  mount(root, { target: document.body });
}
