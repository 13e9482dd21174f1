/* Long runs. */
#include "pair.h"

/* Of AddressSanitizer: gcc brings no header of it. */
size_t __sanitizer_get_current_allocated_bytes(void);

RULE(noGrowth, "20,000 frames, 400 handshakes and all that is dropped leave native memory as it was")
{
	uint8_t bytes[kFrameBytes], welcome[kWelcomeBytes];
	size_t before = 0;
	uint32_t random = 7;
	startSessions();
	for (int i = 0; i < 20000; i++) {
		xsVault from = i & 1 ? gDevice : gHub, to = i & 1 ? gHub : gDevice;
		if (i == 200)
			before = __sanitizer_get_current_allocated_bytes();
		if (i % 50 == 0) {
			pass(300);
			shakeHands(gHub, gDevice);
			CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
		}
		CHECK_IS(openAt(to, seal(from, REQUEST, "a text of usual length")), 0);
		for (int j = 0; j < kFrameBytes; j++)
			bytes[j] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
		if (i % 4) {
			bytes[0] = 0xFE;
			bytes[1] = (uint8_t)(0x10 | (random >> 28));
		}
		if (i % 3 == 0)
			memcpy(bytes + 2, gHub->mac, 6);
		if (i % 8 == 0)
			memcpy(bytes + 8, to->mac, 6);
		int length = (int)(random >> 8) % (kFrameBytes + 1);
		CHECK(openFrom(to, from->mac, bytes, length) < 0);
		CHECK(vaultOnHello(to, bytes, i & 2 ? kHelloBytes : length, welcome) < 0);
		CHECK(vaultOnWelcome(to, bytes, i & 2 ? kWelcomeBytes : length) < 0);
	}
	CHECK_IS(__sanitizer_get_current_allocated_bytes(), before);
}
