import { start } from '../start.ts';
import Ingestion from './Ingestion.svelte';

start(Ingestion);
