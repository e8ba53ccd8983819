import { start } from '../start.ts';
import Stats from './Stats.svelte';

start(Stats);
