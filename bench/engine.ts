/**
 * What one count of the engine's meter costs on an ESP32-C3 at 160 MHz, in ns. An estimate, made of three figures:
 *
 * - A count is one byte code, or one step of a native that counts itself. On the desk one costs 55 machine instructions, counted
 *   with callgrind over 300 requests of a hub, natives and allocation included, collections (another 33 when spread evenly) not.
 * - RISC-V's small set needs some 15 % more instructions than x86-64 for the same C.
 * - The C3 needs 1.4 cycles for each: it issues one at a time and runs the engine from flash through 16 KB of cache. (From RAM its CoreMark
 *   of 409 at 160 MHz comes to 1.2.)
 *
 * 55 × 1.15 × 1.4 = 89 cycles, 553 ns. Not measured on hardware.
 */
export const C3_NS_PER_METER = 550;
