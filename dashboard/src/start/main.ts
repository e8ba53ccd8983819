import { start } from '../start.ts';
import Start from './Start.svelte';

start(Start);
