/**
 * In place of modules/board/restarter.ts: a board that is fuzzed does not restart, since it would have to be booted again, for every
 * input that orders it.
 */
export class Restarter {
	request(): void {}
	replySent(): void {}
	now(): void {}
}
