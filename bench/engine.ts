/**
 * What one count of the engine's meter costs on an ESP32-C3 at 160 MHz, in ns. An estimate:
 *
 * - A count is one byte code, or one step of a native that counts itself. On the desk one comes to 52 machine instructions (callgrind, 300 requests:
 *   53 on the hub, 51 on the device), natives and allocation included. Collecting garbage comes to another 28 and 16 and is left out here: it mostly
 *   falls into the pauses between messages.
 * - RISC-V's small set needs some 15 % more instructions than x86-64 for the same C.
 * - The C3 needs 1.4 cycles for each. Its CoreMark of 409 at 160 MHz, from RAM, comes to 1.2; the engine runs from flash through 16 KB of cache.
 * - Wrappers around natives cost nothing: the SDK's compiler puts the natives in their place, and so does the desk's build (sim/build/app.ts).
 *
 * 52 × 1.15 × 1.4 = 84 cycles, 520 ns. Not measured on hardware; from 400 (no cache misses) to 600 would not surprise.
 * The command `meter` tells it of a real chip; what the first owner of one sends us replaces it.
 */
export { ASSUMED_NS as C3_NS_PER_METER } from "../modules/board/meter";
