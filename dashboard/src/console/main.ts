import { start } from '../start.ts';
import Console from './Console.svelte';

start(Console);
