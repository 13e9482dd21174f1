/** What `esp_wifi_set_country_code` of IDF v6.0 accepts; "01" is the world safe mode. */
const CODES =
	" 01 US CA MX BR AU NZ JP KR CN HK TW IN CH LI IS NO GB AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK ";

/** Where the band ends at 2472 MHz (esp_wifi_regulatory.txt of IDF v6.0); elsewhere channels 1 to 13 may be used. */
const ELEVEN_CHANNELS = " 01 US CA ";

/** Whether the Wi-Fi driver knows a country code (two characters, upper case). */
export function isCountry(code: unknown): code is string {
	return typeof code === "string" && /^[0-9A-Z]{2}$/.test(code) && CODES.includes(` ${code} `);
}

/** The highest channel of the 2.4 GHz band a country allows: 11 or 13. */
export function lastChannel(country: string): number {
	return ELEVEN_CHANNELS.includes(` ${country} `) ? 11 : 13;
}

/** The channels a country allows, ascending. */
export function allowedChannels(country: string): number[] {
	return Array.from({ length: lastChannel(country) }, (_, index) => index + 1);
}
