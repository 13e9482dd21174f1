/** esp_err_t numbers of esp_now.h, esp_wifi.h and esp_err.h that sending can meet. */
export const DriverError = Object.freeze({
	ok: 0,
	fail: -1,
	wifiNotInit: 0x3001,
	wifiNotStarted: 0x3002,
	notInit: 0x3065,
	noMemory: 0x3067,
	notFound: 0x3069,
	interface: 0x306c,
} as const);

const NAMES: Readonly<Record<number, string>> = Object.freeze({
	[-1]: "ESP_FAIL",
	257: "ESP_ERR_NO_MEM",
	258: "ESP_ERR_INVALID_ARG",
	259: "ESP_ERR_INVALID_STATE",
	12289: "ESP_ERR_WIFI_NOT_INIT",
	12290: "ESP_ERR_WIFI_NOT_STARTED",
	12389: "ESP_ERR_ESPNOW_NOT_INIT",
	12390: "ESP_ERR_ESPNOW_ARG",
	12391: "ESP_ERR_ESPNOW_NO_MEM",
	12392: "ESP_ERR_ESPNOW_FULL",
	12393: "ESP_ERR_ESPNOW_NOT_FOUND",
	12394: "ESP_ERR_ESPNOW_INTERNAL",
	12395: "ESP_ERR_ESPNOW_EXIST",
	12396: "ESP_ERR_ESPNOW_IF",
	12397: "ESP_ERR_ESPNOW_CHAN",
});

/** The IDF's name of an error, as older firmware shows it; its number when it has none here. */
export function errorName(error: number): string {
	return NAMES[error] ?? `esp_err ${error < 0 ? error : `0x${error.toString(16)}`}`;
}

/** Whether an error says that the radio is down at present, which is for others to mend. */
export function isDown(error: number): boolean {
	const { notInit, wifiNotInit, wifiNotStarted } = DriverError;
	return error === notInit || error === DriverError.interface || error === wifiNotInit || error === wifiNotStarted;
}
