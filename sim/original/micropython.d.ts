/** The part of the package that the original board uses; it brings no types. */
declare module "@micropython/micropython-webassembly-pyscript/micropython.mjs" {
	export interface MicroPython {
		readonly FS: { mkdir(path: string): void; writeFile(path: string, text: string): void };
		readonly globals: { get(name: string): unknown };
		registerJsModule(name: string, module: object): void;
		/** @throws an Error with MicroPython's traceback as its message */
		runPython(code: string): unknown;
	}
	export function loadMicroPython(options: {
		heapsize?: number;
		stdout?: (line: string) => void;
		stderr?: (line: string) => void;
	}): Promise<MicroPython>;
}
