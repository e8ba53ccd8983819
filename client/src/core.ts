/** The part of the client that decides about connections, and does what it decides. For measuring its size; not an entry of the package. */

export { begin, step } from './machine.ts';
export { Shell } from './shell.ts';
