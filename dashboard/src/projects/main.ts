import { start } from '../start.ts';
import Projects from './Projects.svelte';

start(Projects);
