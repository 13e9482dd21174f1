import Resource from "Resource";
import type { PageName } from "./types";

/** A page as it lies in flash; nothing is copied. @throws Error when the manifest brings no such page */
export function page(name: PageName): Uint8Array {
	// XS builds typed arrays over host buffers; the declared constructor knows only ArrayBuffer.
	return new Uint8Array(new Resource(name) as unknown as ArrayBuffer);
}
