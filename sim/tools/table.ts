import Table from "cli-table3";

/** Nothing between the columns but two blanks. */
const BARE = {
	top: "",
	"top-mid": "",
	"top-left": "",
	"top-right": "",
	bottom: "",
	"bottom-mid": "",
	"bottom-left": "",
	"bottom-right": "",
	left: "",
	"left-mid": "",
	mid: "",
	"mid-mid": "",
	right: "",
	"right-mid": "",
	middle: "  ",
};

/** A cell: a number is shown as it is, nothing as an empty cell. */
export type Cell = string | number | null | undefined;

/**
 * Rows in aligned columns, for people.
 * @param right whether the columns behind the first stand at the right, as figures do
 * @returns lines without an end of line behind the last
 */
export function columns(rows: readonly (readonly Cell[])[], { right = false } = {}): string {
	const width = Math.max(0, ...rows.map((row) => row.length));
	const table = new Table({
		chars: BARE,
		style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
		colAligns: Array.from({ length: width }, (_, column) => (right && column > 0 ? "right" : "left")),
	});
	for (const row of rows) table.push(Array.from({ length: width }, (_, column) => `${row[column] ?? ""}`));
	return table
		.toString()
		.split("\n")
		.map((line) => line.trimEnd())
		.join("\n");
}
