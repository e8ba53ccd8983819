import { start } from '../start.ts';
import Session from './Session.svelte';

start(Session);
