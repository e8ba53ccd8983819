import { start } from '../start.ts';
import Tasks from './Tasks.svelte';

start(Tasks);
