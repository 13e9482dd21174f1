import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
/** Chromium is not part of the project; `.ci/run` installs it. */
export const hasChromium = existsSync(CHROMIUM);

/** @param args further switches of Chromium's */
export function launch(...args: string[]): Promise<Browser> {
	const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
	return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-sync", ...quiet, ...args] });
}

export async function expectEventually(condition: () => boolean): Promise<void> {
	for (let i = 0; i < 100 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
	if (!condition()) throw new Error(`never came true: ${condition}`);
}
