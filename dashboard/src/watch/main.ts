import { start } from '../start.ts';
import Watch from './Watch.svelte';

start(Watch);
