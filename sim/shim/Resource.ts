/** Stand-in for the SDK's `Resource`: the app's resource files as read-only memory. */
class Resource extends (Native("xs_sim_resource_destructor") as new () => object) {
	/** @throws URIError when the app has no such resource. */
	constructor(path: string) {
		super();
		native("xs_sim_resource").call(this, path);
	}

	static exists(path: string): boolean {
		return native("xs_sim_resource_exists").call(Resource, path);
	}

	get byteLength(): number {
		return native("xs_sim_resource_byteLength").call(this);
	}

	/** A copy of bytes `begin` to `end`, or with `copy` false a read-only view of them. */
	slice(begin: number, end?: number, copy = true): ArrayBuffer | HostBuffer {
		return native("xs_sim_resource_slice").call(this, begin, end, copy);
	}
}

export default Resource;
